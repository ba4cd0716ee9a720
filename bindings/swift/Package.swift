// swift-tools-version: 6.0
import Foundation
import PackageDescription

/// Where `cargo xtask bindings` puts the library for this machine. An XCFramework needs none of this: see the README.
let library = Context.packageDirectory + "/lib"

/// The package is tested with warnings as errors; who depends on it is not held to that.
let strict: [SwiftSetting] =
    Context.environment["COUNTERSIGN_STRICT"] == nil ? [] : [.unsafeFlags(["-warnings-as-errors"])]

var targets: [Target] = [
    .systemLibrary(name: "CountersignFFI"),
    .target(
        name: "CountersignGenerated",
        dependencies: ["CountersignFFI"],
        // The generator's source is no Swift 6 yet: the compiler itself fails on it.
        swiftSettings: [.swiftLanguageMode(.v5)] + strict,
        linkerSettings: [.unsafeFlags(["-L", library, "-Xlinker", "-rpath", "-Xlinker", library])]
    ),
    .target(name: "Countersign", dependencies: ["CountersignGenerated"], swiftSettings: strict),
]

// A package that is shipped has no tests in it.
if FileManager.default.fileExists(atPath: Context.packageDirectory + "/Tests") {
    targets.append(.testTarget(name: "CountersignTests", dependencies: ["Countersign"], swiftSettings: strict))
}

let package = Package(
    name: "Countersign",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Countersign", targets: ["Countersign"])],
    targets: targets
)
