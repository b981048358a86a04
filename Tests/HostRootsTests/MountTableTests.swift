import Testing

@testable import HostRoots

@Suite("The list of mounts")
struct MountTableTests {
    private func table(_ lines: String...) -> MountTable { MountTable(Array(lines.joined(separator: "\n").utf8)) }

    @Test("a line's fields, whether or not there are optional ones")
    func fields() {
        let table = table(
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
            "37 35 0:33 / /data ro,relatime - tmpfs none rw",
            "38 35 7:1 / /snap/core rw,relatime shared:2 master:3 - squashfs /dev/loop1 ro")
        #expect(table.mounts.map(\.id) == [36, 37, 38])
        #expect(table.mounts.map(\.parent) == [35, 35, 35])
        #expect(table.mounts.map(\.path) == ["/mnt2", "/data", "/snap/core"])
        #expect(table.mounts.map(\.isReadOnly) == [false, true, true])
        #expect(table.mounts.map(\.type) == ["ext3", "tmpfs", "squashfs"])
        #expect(table.mounts.map(\.source) == ["/dev/root", "none", "/dev/loop1"])
    }

    @Test("spaces, tabs, line breaks and backslashes in paths are read as the kernel writes them")
    func escapes() {
        let mounts = table(#"40 1 8:1 / /a\040b\011c\012d\134e rw - ext4 /dev/sda1 rw"#).mounts
        #expect(mounts.map(\.path) == ["/a b\tc\nd\\e"])
    }

    @Test(
        "a line that is not whole is left out, and the others are read",
        arguments: [
            "", " ", "36", "36 35 98:0 / /mnt rw", "36 35 98:0 / /mnt rw -", "36 35 98:0 / /mnt rw - ext4",
            "x 35 98:0 / /mnt rw - ext4 a rw",
            "36 x 98:0 / /mnt rw - ext4 a rw", "36 35 98:0 / mnt rw - ext4 a rw",
            "99999999999999999999 1 0:1 / /m rw - ext4 a rw",
            "36 35 98:0 / /mnt rw ext4 a rw", "- - - - - - -",
            "36 35 0:4 net:[4026532000] /run/netns/a rw shared:1 - nsfs nsfs rw",
        ])
    func hostile(line: String) {
        #expect(table(line, "50 1 8:1 / /good rw - ext4 /dev/sda1 rw").mounts.map(\.path) == ["/good"])
    }

    @Test("escapes that are cut short stay as they are")
    func cutEscapes() {
        #expect(table(#"40 1 8:1 / /a\04 rw - ext4 x rw"#).mounts.map(\.path) == [#"/a\04"#])
        #expect(table(#"40 1 8:1 / /a\ rw - ext4 x rw"#).mounts.map(\.path) == [#"/a\"#])
        #expect(table(#"40 1 8:1 / /a\999 rw - ext4 x rw"#).mounts.map(\.path) == [#"/a\999"#])
    }

    @Test("of mounts on each other the last is reached, and what is below a hidden one is not")
    func reachable() {
        let table = table(
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw", "2 1 0:2 / /a rw - tmpfs first rw",
            "3 2 0:3 / /a/b rw - tmpfs below-first rw",
            "4 2 0:4 / /a rw - tmpfs second rw", "5 1 0:5 / /c/d rw - tmpfs hidden rw",
            "6 1 0:6 / /c rw - tmpfs above rw",
            "7 6 0:7 / /c/d rw - tmpfs seen rw")
        #expect(table.reachable.map(\.source) == ["/dev/sda1", "second", "above", "seen"])
    }

    @Test("a root on another root is the one that is reached")
    func stackedRoots() {
        let table = table(
            "1 1 0:1 / / rw - rootfs rootfs rw", "2 1 8:1 / / rw - ext4 /dev/sda1 rw", "3 2 0:3 / /a rw - tmpfs a rw",
            "4 1 0:4 / /b rw - tmpfs below rw")
        #expect(table.reachable.map(\.source) == ["/dev/sda1", "a"])
    }

    @Test("a mount that is on itself and not at the root is none")
    func noRoot() {
        #expect(table("7 7 0:1 / /a rw - tmpfs a rw").reachable.isEmpty)
        #expect(table("7 7 0:1 / /a rw - tmpfs a rw", "1 0 0:2 / / rw - ext4 b rw").reachable.map(\.path) == ["/"])
    }

    @Test("a list without a root, and one that leads in circles, have an end")
    func endless() {
        #expect(table("3 2 0:3 / /a rw - tmpfs a rw").reachable.isEmpty)
        #expect(table("2 3 0:2 / / rw - tmpfs a rw", "3 2 0:3 / / rw - tmpfs b rw").reachable.isEmpty)
        #expect(MountTable([]).reachable.isEmpty)
        #expect(
            table("1 0 8:1 / / rw - ext4 r rw", "2 1 0:2 / / rw - tmpfs a rw", "1 2 0:3 / / rw - tmpfs b rw").reachable
                .count < 3)
    }
}

@Suite("The plan of a root")
struct RootPlanTests {
    private func layers(_ lines: String...) -> [String] {
        RootPlan(MountTable(Array((["1 0 8:1 / / rw - ext4 /dev/sda1 rw"] + lines).joined(separator: "\n").utf8)))
            .layers.map {
                "\($0.view == .overlay ? "cow" : "ro") \($0.path)"
            }
    }

    @Test("each real file system is an overlay of its own, in the order of the tree")
    func realFileSystems() {
        #expect(
            layers(
                "3 2 8:3 / /home/data rw - xfs c rw", "2 1 8:2 / /home rw - ext4 b rw", "4 1 0:4 / /tmp rw - tmpfs t rw"
            )
                == ["cow /", "cow /home", "cow /home/data", "cow /tmp"])
    }

    @Test("what the machine has read-only stays so, but for its root and /etc")
    func readOnly() {
        #expect(layers("2 1 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro") == ["cow /", "ro /snap/core/1"])
        #expect(layers("2 1 0:2 / /etc ro - tmpfs etc ro") == ["cow /", "cow /etc"])
        let table = MountTable(Array("1 0 8:1 / / ro - ext4 /dev/sda1 ro".utf8))
        #expect(RootPlan(table).layers == [RootPlan.Layer(path: "/", view: .overlay)])
    }

    @Test("interfaces of the kernel, what a root has for itself and what belongs to containers are left out")
    func leftOut() {
        #expect(
            layers(
                "2 1 0:2 / /proc rw - proc proc rw", "3 1 0:3 / /sys rw - sysfs sysfs rw",
                "4 1 0:4 / /dev rw - tmpfs dev rw",
                "5 4 0:5 / /dev/shm rw - tmpfs shm rw", "6 1 0:6 / /run rw - tmpfs run rw",
                "7 6 0:7 / /run/user/0 rw - tmpfs u rw",
                "8 1 0:8 / /data/bpf rw - bpf bpf rw", "9 1 0:9 / /misc rw - autofs auto rw",
                "10 1 8:2 / /var/lib/docker rw - ext4 /dev/sdb1 rw",
                "11 10 0:11 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw",
                "12 1 8:1 /hosts /etc/hosts rw - ext4 /dev/sda1 rw")
                == ["cow /", "cow /var/lib/docker"])
    }

    @Test("a name that begins like a private tree is none")
    func similarNames() {
        #expect(
            layers("2 1 0:2 / /running rw - tmpfs t rw", "3 1 0:3 / /device rw - tmpfs t rw") == [
                "cow /", "cow /device", "cow /running",
            ])
    }

    @Test("an empty list has no layers")
    func empty() { #expect(RootPlan(MountTable([])).layers.isEmpty) }
}

@Suite("The working directory")
struct WorkingDirectoryTests {
    @Test(
        "what the system consists of is no place for results",
        arguments: [
            "/", "/etc", "/etc/nginx", "/usr/local/bin", "/home", "/var", "/var/log", "/var/lib", "/var/lib/dpkg",
            "/run/user/0", "/dev/shm",
            "/proc/1", "/boot/efi", "/opt", "/srv", "/mnt",
        ])
    func system(path: String) { #expect(WorkingDirectory.isSystem(path)) }

    @Test(
        "where people work is",
        arguments: [
            "/root", "/home/ann", "/home/ann/lab", "/tmp", "/tmp/a", "/var/tmp", "/var/lib/jenkins/workspace",
            "/opt/lab", "/srv/ci", "/mnt/disk",
            "/work", "/builds/x", "/etcetera",
        ])
    func own(path: String) { #expect(!WorkingDirectory.isSystem(path)) }
}
