// swift-tools-version: 6.2
import PackageDescription

// Fuzz programs, one for each group of doors that bytes come in by. A package of its own, because all of it is built
// with sanitizers, C included:
//   swift build -c release --scratch-path .build-fuzz --sanitize=address -Xswiftc -sanitize=fuzzer,address \
//     -Xswiftc -use-ld=lld
// The modules are symbolic links to ../Sources, so that they are instrumented like everything here.
// README.md says what the doors are and how to run them.

/// `enable-testing`: doors reach what a module keeps to itself, as its tests do.
let swiftSettings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .unsafeFlags(["-enable-testing"])]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  module(name, ["VineBase"] + dependencies)
}

func fuzz(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .executableTarget(name: name, dependencies: ["VineBase"] + dependencies, swiftSettings: swiftSettings)
}

let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let http: Target.Dependency = .product(name: "FlyingFox", package: "FlyingFox")
let sockets: Target.Dependency = .product(name: "FlyingSocks", package: "FlyingFox")

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium"),
    .systemLibrary(name: "CBoringAEAD"),
    .systemLibrary(name: "CLibnet"),
    .systemLibrary(name: "CNetfilterQueue", pkgConfig: "libnetfilter_queue"),
    .target(name: "CLinuxShim"),

    module("VineBase"),
    core("VineAddress"),
    core("VineRegistry", ["VineAddress"]),
    core("VineRaft"),
    core("VineGossip"),
    core("VineRouting", ["VineAddress"]),
    core("VinePacket"),
    core("VineRelay"),
    core("VinePath"),
    core("VineSession", ["CSodium", "CBoringAEAD", crypto]),
    core("VineIdentity", ["CSodium", x509, crypto, asn1]),
    module(
      "VineWire", ["VineBase", "VineAddress", "VineGossip", "VineRaft", "VineRegistry", "VinePath", protobuf],
      exclude: ["Proto"]),
    core(
      "VineRouter",
      [
        "VineAddress", "VineGossip", "VineIdentity", "VinePath", "VineRaft", "VineRegistry", "VineRelay",
        "VineRouting", "VineSession", "VineWire",
      ]),
    core("VineLink"),
    module(
      "VineSimulation",
      [
        "VineBase", "VineAddress", "VineGossip", "VineIdentity", "VinePath", "VineRaft", "VineRegistry", "VineRouter",
        "VineRouting", "VineSession", "VineWire",
      ]),
    core(
      "VineDataPlane",
      [
        "VineAddress", "VinePacket", "VineRouting", "VineRelay", "VineSession", "CLinuxShim", "CLibnet",
        "CNetfilterQueue",
      ]),
    core("VineControl", [http, sockets]),
    .target(
      name: "VineDashboard",
      resources: [
        .embedInCode("Page/index.html"), .embedInCode("Page/style.css"), .embedInCode("Page/icon.svg"),
        .embedInCode("Page/main.js"), .embedInCode("Page/model.js"), .embedInCode("Page/layout.js"),
        .embedInCode("Page/map.js"), .embedInCode("Page/detail.js"), .embedInCode("Page/panels.js"),
        .embedInCode("Page/elements.js"),
      ]),
    core(
      "VineHost",
      [
        "VineRouter", "VineDataPlane", "VineControl", "VineDashboard", "CLinuxShim", log, lifecycle, signals, grdb,
        yams,
        sockets,
      ]),

    fuzz("CanaryFuzz"),
    fuzz("WireFuzz", ["VineWire", "VineRegistry", "VineAddress"]),
    fuzz("PacketFuzz", ["VinePacket"]),
    fuzz("SessionFuzz", ["VineSession", "VineIdentity", crypto, asn1]),
    fuzz("DataFuzz", ["VineDataPlane", "VineRouting", "VineSession", "VineAddress", "VinePacket", "VineLink"]),
    fuzz("HostFuzz", ["VineHost", "VineControl", "VineRouter", "VineSession", "VineAddress", "VineSimulation", grdb]),
    fuzz(
      "RouterFuzz",
      [
        "VineSimulation", "VineRouter", "VineRegistry", "VinePath", "VineRaft", "VineGossip", "VineWire", "VineAddress",
        "VineSession",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
