import Testing
import VineAddress
import VineBase

@testable import VineHost

@Suite struct SiteSpaceTests {
  private func seen(at base: String) throws -> SiteSpace {
    do { return try SiteSpace(space: .standardSpace, mirroredAt: IPv4Address(base)) } catch { throw error }
  }

  @Test func `the paper's mirror is seen as three blocks, and addresses map both ways`() throws {
    let space = try seen(at: "10.116.0.0")
    #expect(space.blocks.map(\.description) == ["10.116.0.0/14", "10.120.0.0/13", "10.128.0.0/14"])
    let (site, mesh) = (try #require(IPv4Address("10.118.2.10")), try #require(IPv4Address("172.18.2.10")))
    #expect(space.mesh(site) == mesh && space.site(mesh) == site)
    #expect(space.mesh(mesh) == mesh, "the mesh's own form is understood, too")
    #expect(space.text(of: try #require(Block("172.18.2.0/24"))) == "10.118.2.0/24")
  }

  @Test func `without a mirror everything is as it is`() throws {
    let space = try SiteSpace(space: .standardSpace, mirroredAt: nil)
    let address = try #require(IPv4Address("172.18.2.10"))
    #expect(space.blocks == [.standardSpace] && space.site(address) == address && space.mesh(address) == address)
  }

  @Test(arguments: ["172.16.0.0", "172.20.0.0", "10.116.0.1", "255.250.0.0"])
  func `a mirror that overlaps the space, begins askew or does not fit is refused`(base: String) {
    #expect(throws: HostError.self) { try seen(at: base) }
  }

  @Test func `a free range is the paper's, or the next that no route lies in`() throws {
    #expect(SiteSpace.free(for: .standardSpace, besides: []) == IPv4Address("10.116.0.0"))
    let taken = ["10.120.1.0/24", "10.0.0.0/16"].compactMap(Block.init)
    #expect(SiteSpace.free(for: .standardSpace, besides: taken) == IPv4Address("10.16.0.0"))
    #expect(SiteSpace.free(for: .standardSpace, besides: ["10.0.0.0/8"].compactMap(Block.init)) == nil)
  }
}
