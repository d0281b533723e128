// swift-tools-version: 6.2
import PackageDescription

// One target a responsibility; the arrows of docs/architecture.md are the dependencies below, and no others.
// Pure cores (VineBase … VineRelay) import neither Foundation nor a socket; TidyTests hold that.

let swiftSettings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]
/// What handles packets has no checks of exclusive access in the release build, which would be made for every packet.
/// The debug build, which the tests are, has them.
let packetSettings =
  swiftSettings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// A pure core: input, time and randomness are arguments, effects are results.
func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: ["VineBase"] + dependencies, swiftSettings: swiftSettings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ["VineBase", .init(stringLiteral: name)] + dependencies,
    swiftSettings: swiftSettings)
}

let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let http: Target.Dependency = .product(name: "FlyingFox", package: "FlyingFox")
let sockets: Target.Dependency = .product(name: "FlyingSocks", package: "FlyingFox")

let package = Package(
  name: "vine-mesh",
  products: [
    .executable(name: "vine-meshd", targets: ["vine-meshd"]),
    .executable(name: "vine-mesh", targets: ["vine-mesh"]),
    .executable(name: "vine-sim", targets: ["vine-sim"]),
    .executable(name: "vine-link", targets: ["vine-link"]),
    .executable(name: "vine-bench", targets: ["vine-bench"]),
    .library(name: "VineWire", targets: ["VineWire"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
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
    // MARK: C libraries and system calls
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CBoringAEAD"),
    .systemLibrary(name: "CLibnet", providers: [.apt(["libnet1-dev"])]),
    .systemLibrary(
      name: "CNetfilterQueue", pkgConfig: "libnetfilter_queue",
      providers: [.apt(["libnetfilter-queue-dev", "libmnl-dev"])]),
    .target(name: "CLinuxShim"),
    // Counts allocations and references of whoever links it: the benchmark.
    .target(name: "CAllocationCount"),

    // MARK: Pure cores
    .target(name: "VineBase", swiftSettings: swiftSettings),
    core("VineAddress"),
    core("VineRegistry", ["VineAddress"]),
    core("VineRaft"),
    core("VineGossip"),
    core("VineRouting", ["VineAddress"]),
    core("VinePacket"),
    core("VineRelay"),
    core("VinePath"),
    core("VineLink"),
    core("VineSession", ["CSodium", "CBoringAEAD", crypto]),
    core("VineIdentity", ["CSodium", x509, crypto, asn1]),

    // MARK: Wire and dispatch
    .target(
      name: "VineWire",
      dependencies: ["VineBase", "VineAddress", "VineGossip", "VineRaft", "VineRegistry", "VinePath", protobuf],
      exclude: ["Proto"], swiftSettings: swiftSettings),
    core(
      "VineRouter",
      [
        "VineAddress", "VineGossip", "VineIdentity", "VinePath", "VineRaft", "VineRegistry", "VineRelay",
        "VineRouting", "VineSession", "VineWire",
      ]),

    // MARK: Simulation: a second shell over the same cores
    // No core: it remembers verdicts on signatures across VRs, behind a lock.
    .target(
      name: "VineSimulation",
      dependencies: [
        "VineBase", "VineAddress", "VineGossip", "VineIdentity", "VinePath", "VineRaft", "VineRegistry", "VineRouter",
        "VineRouting", "VineSession", "VineWire",
      ], swiftSettings: swiftSettings),

    // MARK: Shells
    .target(
      name: "VineDataPlane",
      dependencies: [
        "VineBase", "VineAddress", "VinePacket", "VineRouting", "VineRelay", "VineSession", "CLinuxShim", "CLibnet",
        "CNetfilterQueue",
      ], swiftSettings: packetSettings),
    .target(
      name: "VineControl", dependencies: ["VineBase", http, sockets], swiftSettings: swiftSettings),
    // The dashboard's page, as bytes in the program: one file is to be installed, and nothing is looked for at run time.
    .target(
      name: "VineDashboard",
      resources: [
        .embedInCode("Page/index.html"), .embedInCode("Page/style.css"), .embedInCode("Page/icon.svg"),
        .embedInCode("Page/main.js"), .embedInCode("Page/model.js"), .embedInCode("Page/layout.js"),
        .embedInCode("Page/map.js"), .embedInCode("Page/detail.js"), .embedInCode("Page/panels.js"),
        .embedInCode("Page/elements.js"),
      ], swiftSettings: swiftSettings),
    .target(
      name: "VineHost",
      dependencies: [
        "VineRouter", "VineDataPlane", "VineControl", "VineDashboard", "CLinuxShim", log, lifecycle, signals, grdb,
        yams,
        sockets,
      ], swiftSettings: swiftSettings),
    .executableTarget(
      name: "vine-meshd", dependencies: ["VineHost", arguments, log, lifecycle], swiftSettings: swiftSettings),
    .executableTarget(
      name: "vine-mesh", dependencies: ["VineHost", "VineControl", arguments], swiftSettings: swiftSettings),

    // An emulated link between network namespaces, for the tests.
    .executableTarget(
      name: "vine-link", dependencies: ["VineLink", "VineBase", "CLinuxShim", arguments], swiftSettings: swiftSettings),
    .executableTarget(
      name: "vine-sim", dependencies: ["VineSimulation", "VineBase", "VineGossip", "VineRouter", arguments],
      swiftSettings: swiftSettings),

    .executableTarget(
      name: "vine-bench",
      dependencies: [
        "VineDataPlane", "VineSession", "VineRouting", "VineAddress", "VineBase", "VineIdentity", "VineGossip",
        "VineRouter",
        "VineWire", "CAllocationCount", arguments,
      ],
      swiftSettings: packetSettings),

    // MARK: Tests
    .testTarget(name: "VineBaseTests", dependencies: ["VineBase"], swiftSettings: swiftSettings),
    tests(of: "VineAddress"),
    tests(of: "VineRegistry", ["VineAddress"]),
    tests(of: "VineRaft"),
    tests(of: "VineGossip"),
    tests(of: "VineRouting", ["VineAddress"]),
    tests(of: "VinePacket"),
    tests(of: "VineRelay"),
    tests(of: "VinePath"),
    tests(of: "VineLink"),
    tests(of: "VineSession"),
    tests(of: "VineIdentity", [x509, crypto, asn1]),
    tests(of: "VineWire", ["VineAddress", "VineGossip", "VineRaft", "VineRegistry", "VinePath"]),
    tests(of: "VineRouter", ["VineWire", "VineGossip", "VineRaft", "VineRegistry", "VineRouting", "VineIdentity"]),
    tests(of: "VineSimulation", ["VineAddress", "VineGossip", "VinePath", "VineRouter"]),
    tests(of: "VineDataPlane", ["VineAddress", "VinePacket", "VineRouting", "VineSession"]),
    tests(of: "VineControl", [http, sockets]),
    tests(
      of: "VineHost",
      [
        "VineDataPlane", "VineControl", "VineDashboard", "VineRouter", "VineIdentity", "VineSession", "VineWire",
        "VineAddress", grdb,
      ]),
    .testTarget(name: "TidyTests", swiftSettings: swiftSettings),
  ],
  swiftLanguageModes: [.v6]
)
