import Testing
import VineBase

/// The bytes of a text in hexadecimal; fails the test if it is none.
func hex(_ text: String) throws -> [UInt8] { try #require(Hex.decode(text)) }
