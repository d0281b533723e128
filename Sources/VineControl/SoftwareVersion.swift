/// The version of both programs; one for all of the repository.
public enum SoftwareVersion {
  public static let current = "0.1.0"
}
