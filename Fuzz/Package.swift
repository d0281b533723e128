// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets, one a door that bytes come in by. A package of its own, because all of it is built with sanitizers:
//   swift build -c release --scratch-path .build-fuzz -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld
// The cores are symbolic links to ../Sources, so that nothing but them and protobuf is resolved and instrumented.
// `make fuzz` looks for new inputs; FailCases/<target> holds the ones that stay fixed, replayed by `make test`.

let swiftSettings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]

func core(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

func fuzz(_ name: String) -> Target {
  .executableTarget(name: name, dependencies: ["Doors"], swiftSettings: swiftSettings)
}

let package = Package(
  name: "fuzz",
  dependencies: [.package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0")],
  targets: [
    core("VineBase"),
    core("VineAddress", ["VineBase"]),
    core("VineGossip", ["VineBase"]),
    core("VineRaft", ["VineBase"]),
    core("VinePath", ["VineBase"]),
    core("VinePacket", ["VineBase"]),
    core("VineRegistry", ["VineBase", "VineAddress"]),
    core(
      "VineWire",
      [
        "VineBase", "VineAddress", "VineGossip", "VineRaft", "VineRegistry", "VinePath",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ], exclude: ["Proto"]),
    core("Doors", ["VineBase", "VineWire", "VinePacket"]),
    fuzz("ControlMessage"),
    fuzz("VRRecord"),
    fuzz("FactRecord"),
    fuzz("LogCommand"),
    fuzz("StoredRecord"),
    fuzz("LogRecord"),
    fuzz("Reassembler"),
    fuzz("Packet"),
  ],
  swiftLanguageModes: [.v6]
)
