import VineBase

func node(_ byte: UInt8) -> NodeID {
  guard let node = NodeID([UInt8](repeating: byte, count: NodeID.byteCount)) else { preconditionFailure("32 bytes") }
  return node
}

func endpoint(_ text: String) -> Endpoint {
  guard let endpoint = Endpoint(text) else { preconditionFailure("\(text) is no endpoint") }
  return endpoint
}
