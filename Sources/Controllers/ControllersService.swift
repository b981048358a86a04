import CLinux
import Engine
import Glibc
import System

/// The process that knows a lab and tells its API what it is: `nslab controllers LAB`, from its start to its end. It has root, and hears
/// nobody but the kernel.
public enum ControllersService {
    /// Becomes the process of a lab.
    public static func run(lab: String) -> Never {
        let log = BoundedLog(FileDescriptor(owning: ClusterAPIProcess.Inherited.log))
        do {
            try BackgroundProcess.detach(named: "nslab", keeping: ClusterAPIProcess.Inherited.count)
            if let limit = getenv(ClusterAPIProcess.openFiles).flatMap({ Int(String(cString: $0)) }) {
                OpenFiles.takeForOriginal(limit)
            }
            // Before there are threads: they leave the signals to this one.
            let signals = SignalSet([SIGTERM, SIGCHLD])
            signals.block()
            guard FileDescriptor(owning: ClusterAPIProcess.Inherited.lock).lockForLife() else {
                throw SystemCallError("fcntl", "lock", errno: EAGAIN)
            }
            var controllers = try LabControllers(lab: lab, signals, log)
            try controllers.run()
            _exit(0)
        } catch {
            log.write("\(error)")
            _exit(1)
        }
    }
}
