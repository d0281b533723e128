import Foundation
import Testing
import VineBase

@testable import VineDataPlane

@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct StartErrorTests {
  private func error(in world: World, _ change: (inout DataPlaneConfiguration) -> Void) throws -> DataPlaneError {
    var changed = world[1].configuration
    changed.queueNumber = 8
    changed.listen = Endpoint(address: changed.listen.address, port: 2300)
    change(&changed)
    let configuration = changed
    return try inside(world[1].router) {
      do throws(DataPlaneError) {
        _ = try DataPlane(configuration: configuration) { _ in }
        throw DataPlaneError(.system, "it started", mend: "")
      } catch { return error }
    }
  }

  @Test func `a taken port, a taken queue, a missing interface and a foreign address are told apart`() throws {
    let world = try World(sites: 1)
    let port = try error(in: world) { $0.listen = Endpoint(address: $0.listen.address) }
    #expect(port.kind == .portTaken && port.description.contains("2247"))
    let queue = try error(in: world) { $0.queueNumber = 7 }
    #expect(queue.kind == .queueTaken, "\(queue)")
    let interface = try error(in: world) { $0.lanInterface = "eth9" }
    #expect(interface.kind == .interfaceMissing && interface.description.contains("eth9"))
    let address = try error(in: world) { $0.listen = Endpoint(address: IPv4Address(rawValue: 0x0808_0808)) }
    #expect(address.kind == .addressMissing, "\(address)")
    for error in [port, queue, interface, address] {
      #expect(!error.mend.isEmpty && !error.description.contains("\n"))
    }
  }

  @Test func `a stopped data plane gives everything back`() throws {
    let world = try World(sites: 1)
    for _ in 0..<3 {
      world[1].plane.stop()
      world[1].lines = try again(world[1])
      #expect(world[1].status.drops.allSatisfy { $0.1 == 0 })
    }
  }

  /// A process that another test begins holds copies of all sockets until it has its own program.
  private func again(_ site: Site) throws -> DataPlane {
    for _ in 0..<40 {
      do { return try site.dataPlane() } catch let error as DataPlaneError where error.kind == .queueTaken {
        usleep(50_000)
      }
    }
    return try site.dataPlane()
  }
}

@Suite(.enabled(if: geteuid() != 0, "needs a user that is not root"))
struct PermissionTests {
  @Test func `without root the error says so`() {
    do throws(DataPlaneError) {
      _ = try DataPlane(configuration: DataPlaneConfiguration(node: Nodes.numbered(1), lanInterface: "lo")) { _ in }
      Issue.record("it started")
    } catch { #expect(error.kind == .noPermission) }
  }
}
