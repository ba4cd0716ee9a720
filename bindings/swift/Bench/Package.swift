// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Bench",
    platforms: [.macOS(.v14)],
    dependencies: [.package(name: "Countersign", path: "..")],
    targets: [
        .executableTarget(name: "Bench", dependencies: [.product(name: "Countersign", package: "Countersign")])
    ]
)
