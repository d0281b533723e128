import Testing
import VineSession

@testable import VineDataPlane

@Suite struct LimitTests {
  @Test func `inner packets and their overhead fill a datagram and never more`() {
    #expect(Limits.innerDirect + FrameSize.dataOverhead == Limits.datagramMax)
    #expect(Limits.innerRelayed < Limits.innerDirect && Limits.innerRelayed <= Limits.innerChannel)
    #expect(Limits.datagramMax + Limits.headroom + FrameSize.tag <= Limits.slot)
  }
}
