import Glibc

/// The machine's memory.
public enum MachineMemory {
    /// How many bytes there are; 0 where it cannot be told.
    public static var size: Int { max(0, sysconf(CInt(_SC_PHYS_PAGES))) * max(0, sysconf(CInt(_SC_PAGESIZE))) }
}
