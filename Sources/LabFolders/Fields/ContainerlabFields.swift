extension FieldTable {
    /// containerlab's topology file (containerlab.dev, "Topology definition"; schemas/clab.schema.json).
    static let containerlab = FieldTable(
        """
        name +
        prefix -
        debug -
        mgmt +
        mgmt.network +
        mgmt.bridge - a bridge's name on the machine
        mgmt.ipv4-subnet +
        mgmt.ipv6-subnet +
        mgmt.ipv4-gw +
        mgmt.ipv6-gw +
        mgmt.ipv4-range +
        mgmt.ipv6-range +
        mgmt.mtu +
        mgmt.external-access -
        mgmt.skip-when-unused -
        mgmt.driver-opts -
        settings -
        topology +
        topology.kinds.*.kind -
        topology.groups.*.group -
        topology.defaults.@node
        topology.kinds.*.@node
        topology.groups.*.@node
        topology.nodes.*.mgmt-ipv4 +
        topology.nodes.*.mgmt-ipv6 +
        topology.nodes.*.@node
        topology.links.[].type +
        topology.links.[].endpoints.[].@end
        topology.links.[].endpoint.@end
        topology.links.[].mtu +
        topology.links.[].ipv4 +
        topology.links.[].ipv6 +
        topology.links.[].vars +
        topology.links.[].labels -
        topology.links.[].host-interface +
        topology.links.[].mode -
        topology.links.[].remote +
        topology.links.[].vni -
        topology.links.[].dst-port -
        topology.links.[].src-port -
        """,
        parts: [
            "end": """
            node +
            interface +
            mac +
            ipv4 +
            ipv6 +
            vars +
            """,
            "node": """
            kind +
            type +
            image +
            group +
            startup-config +
            exec +
            binds +
            env +
            labels +
            hostname +
            network-mode +
            sysctls +
            stages.*.wait-for +
            stages.*.exec +
            mgmt-ipv4 ! addresses on the management network are each node's own; say it at the node
            mgmt-ipv6 ! addresses on the management network are each node's own; say it at the node
            env-files ! variables of files are not read; write them under env
            ports ! ports of the machine are not opened, since nslab leaves the machine as it is
            dns ! hosts resolve names as the machine does; this is not taken over
            aliases ! the names that Docker's own DNS would tell are not told
            volumes ! volumes of Docker's are not there; what a host writes is its own until the lab is gone
            tmpfs -
            enforce-startup-config -
            suppress-startup-config ! the startup configuration is read all the same
            startup-delay -
            image-pull-policy -
            restart-policy -
            license -
            auto-remove -
            credentials -
            user -
            entrypoint ! containers' own programs are not run; exec lines are
            cmd ! containers' own programs are not run; exec lines are
            runtime -
            link-apply-mode -
            cpu -
            cpu-set -
            memory -
            shm-size -
            extras -
            config -
            certificate -
            healthcheck -
            components -
            cap-add -
            privileged -
            cgroupns-mode -
            cgroup-parent -
            pid-mode -
            security-opts -
            devices -
            position -
            """,
        ])
}
