extension FieldTable {
    /// What every document of Calico's has besides.
    private static let document = """
        apiVersion +
        kind +
        metadata.name +
        metadata.* -
        status -
        """

    /// Calico's resources, by kind (docs.tigera.io, "Resource definitions" and "Installation reference"; Calico's api/config/crd and
    /// the operator's pkg/crds).
    static let calico: [String: FieldTable] = [
        "Installation": FieldTable(
            """
            @document
            spec +
            spec.calicoNetwork +
            spec.calicoNetwork.bgp +
            spec.calicoNetwork.mtu +
            spec.calicoNetwork.hostPorts +
            spec.calicoNetwork.ipPools.[].name +
            spec.calicoNetwork.ipPools.[].cidr +
            spec.calicoNetwork.ipPools.[].blockSize +
            spec.calicoNetwork.ipPools.[].encapsulation +
            spec.calicoNetwork.ipPools.[].natOutgoing +
            spec.calicoNetwork.ipPools.[].nodeSelector +
            spec.calicoNetwork.ipPools.[].allowedUses +
            spec.calicoNetwork.ipPools.[].assignmentMode +
            spec.calicoNetwork.ipPools.[].disableBGPExport +
            spec.calicoNetwork.ipPools.[].disableNewAllocations +
            spec.calicoNetwork.ipPools.[].namespaceSelector +
            spec.calicoNetwork.nodeAddressAutodetectionV4.@detection
            spec.calicoNetwork.nodeAddressAutodetectionV6.@detection
            spec.calicoNetwork.bpfNetworkBootstrap -
            spec.calicoNetwork.clusterRoutingMode -
            spec.calicoNetwork.containerIPForwarding ! pods forward nothing
            spec.calicoNetwork.kubeProxyManagement -
            spec.calicoNetwork.linuxDataplane +
            spec.calicoNetwork.linuxPodInterfaceType ! pods have veth pairs
            spec.calicoNetwork.linuxPolicySetupTimeoutSeconds -
            spec.calicoNetwork.multiInterfaceMode ! a pod has one interface
            spec.calicoNetwork.sysctl ! settings of pods are not taken over
            spec.calicoNetwork.windowsDataplane -
            spec.cni.type +
            spec.cni.ipam.type +
            spec.cni.* -
            spec.proxy -
            spec.nodeMetricsPort -
            spec.serviceCIDRs -
            spec.networkPolicy -
            spec.* -
            """, parts: ["document": document, "detection": detection]),
        "IPPool": FieldTable(
            """
            @document
            spec +
            spec.cidr +
            spec.blockSize +
            spec.vxlanMode +
            spec.ipipMode +
            spec.natOutgoing +
            spec.nat-outgoing +
            spec.disabled +
            spec.nodeSelector +
            spec.namespaceSelector +
            spec.allowedUses +
            spec.assignmentMode +
            spec.disableBGPExport +
            spec.ipip ! this is the form of Calico before version 3; write ipipMode
            """, parts: ["document": document]),
        "IPReservation": FieldTable(
            """
            @document
            spec +
            spec.reservedCIDRs +
            """, parts: ["document": document]),
        "BGPConfiguration": FieldTable(
            """
            @document
            spec +
            spec.asNumber - BGP is not run
            spec.nodeToNodeMeshEnabled -
            spec.serviceClusterIPs.[].cidr +
            spec.serviceExternalIPs.[].cidr +
            spec.serviceLoadBalancerIPs.[].cidr +
            spec.serviceLoadBalancerAggregation ! addresses of load balancers are told of by their ranges
            spec.communities -
            spec.prefixAdvertisements -
            spec.bindMode -
            spec.ignoredInterfaces ! what nodes tell of their interfaces is not told
            spec.listenPort -
            spec.localWorkloadPeeringIPV4 ! pods speak no BGP with their nodes
            spec.localWorkloadPeeringIPV6 ! pods speak no BGP with their nodes
            spec.logSeverityScreen -
            spec.nodeMeshMaxRestartTime -
            spec.nodeMeshPassword -
            spec.programClusterRoutes -
            spec.ipv4NormalRoutePriority ! routes to blocks have the kernel's usual metric
            spec.ipv6NormalRoutePriority ! routes to blocks have the kernel's usual metric
            """, parts: ["document": document]),
        "BGPPeer": FieldTable(
            """
            @document
            spec +
            spec.peerIP +
            spec.node +
            spec.nodeSelector +
            spec.asNumber - whom a router takes for a neighbour, its own configuration says
            spec.localASNumber -
            spec.peerSelector ! nodes do not pass on what they hear; peers by their labels are left out
            spec.filters ! filters are not applied: all blocks are told of
            spec.keepOriginalNextHop ! a node tells of itself as the next hop
            spec.nextHopMode ! a node tells of itself as the next hop
            spec.localWorkloadSelector ! pods speak no BGP with their nodes
            spec.reachableBy ! no route to a peer is added
            spec.reversePeering -
            spec.sourceAddress -
            spec.keepaliveTime -
            spec.maxRestartTime -
            spec.numAllowedLocalASNumbers -
            spec.password -
            spec.ttlSecurity -
            """, parts: ["document": document]),
        "FelixConfiguration": FieldTable(
            """
            @document
            spec +
            spec.vxlanPort +
            spec.vxlanVNI +
            spec.vxlanMTU +
            spec.vxlanMTUV6 +
            spec.ipipMTU +
            spec.wireguardEnabled +
            spec.wireguardEnabledV6 +
            spec.bpfEnabled +
            spec.ipipEnabled ! pools say which tunnels there are
            spec.vxlanEnabled ! pools say which tunnels there are
            spec.ipv6Support ! pools say which families there are
            spec.ipForwarding ! nodes forward
            spec.natOutgoingAddress ! packets that leave take the node's address
            spec.natOutgoingExclusions ! packets to no pool take the node's address
            spec.natPortRange ! ports are the kernel's choice
            spec.iptablesNATOutgoingInterfaceFilter ! packets are translated whatever link they leave by
            spec.floatingIPs ! floating addresses are not taken over
            spec.deviceRouteSourceAddress ! routes to pods name no source address
            spec.deviceRouteSourceAddressIPv6 ! routes to pods name no source address
            spec.deviceRouteProtocol ! routes to pods have the kernel's usual protocol
            spec.removeExternalRoutes -
            spec.externalNodesList ! nodes outside of the cluster get no tunnels
            spec.interfacePrefix ! pods' interfaces on nodes begin with cali
            spec.interfaceExclude -
            spec.mtuIfacePattern ! the pods' MTU is that of all links
            spec.routeSource -
            spec.routeSyncDisabled ! routes are there
            spec.routeTableRange -
            spec.routeTableRanges -
            spec.routeRefreshInterval -
            spec.ipv4NormalRoutePriority ! routes to blocks have the kernel's usual metric
            spec.ipv6NormalRoutePriority ! routes to blocks have the kernel's usual metric
            spec.ipv4ElevatedRoutePriority -
            spec.ipv6ElevatedRoutePriority -
            spec.serviceLoopPrevention -
            spec.workloadSourceSpoofing ! pods may send from any address
            spec.defaultEndpointToHostAction ! policies are not enforced: every packet passes
            spec.chainInsertMode -
            spec.nftablesMode -
            spec.localSubnetL2Reachability -
            spec.localSubnetL2ReachabilityRefreshInterval -
            spec.liveMigrationRouteConvergenceTime -
            spec.programClusterRoutes -
            spec.wireguardHostEncryptionEnabled ! WireGuard is not built
            spec.wireguardInterfaceName -
            spec.wireguardInterfaceNameV6 -
            spec.wireguardKeepAlive -
            spec.wireguardListeningPort -
            spec.wireguardListeningPortV6 -
            spec.wireguardMTU -
            spec.wireguardMTUV6 -
            spec.wireguardRoutingRulePriority -
            spec.wireguardThreadingEnabled -
            spec.allowIPIPPacketsFromWorkloads -
            spec.allowVXLANPacketsFromWorkloads -
            spec.awsSrcDstCheck -
            spec.cgroupV2Path -
            spec.failsafeInboundHostPorts -
            spec.failsafeOutboundHostPorts -
            spec.disableConntrackInvalidCheck -
            spec.endpointReportingDelay -
            spec.endpointReportingEnabled -
            spec.endpointStatusPathPrefix -
            spec.featureDetectOverride -
            spec.featureGates -
            spec.genericXDPEnabled -
            spec.interfaceRefreshInterval -
            spec.istioAmbientMode -
            spec.istioDSCPMark -
            spec.kubeNodePortRanges -
            spec.maxIpsetSize -
            spec.metadataAddr -
            spec.metadataPort -
            spec.netlinkTimeout -
            spec.nodeSelector -
            spec.openstackRegion -
            spec.policySyncPathPrefix -
            spec.reportingInterval -
            spec.reportingTTL -
            spec.requireMTUFile -
            spec.sidecarAccelerationEnabled -
            spec.useInternalDataplaneDriver -
            spec.windowsManageFirewallRules -
            spec.xdpEnabled -
            spec.xdpRefreshInterval -
            spec.dataplaneDriver -
            spec.dataplaneWatchdogTimeout -
            """ + "\n"
                + ignored(
                    "bpf",
                    "AttachType CTLBLogFilter ConnectTimeLoadBalancing ConnectTimeLoadBalancingEnabled ConntrackLogLevel "
                        + "ConntrackMode ConntrackTimeouts DSROptoutCIDRs DataIfacePattern DisableGROForIfaces "
                        + "DisableUnprivileged EnforceRPF ExcludeCIDRsFromNAT ExportBufferSizeMB ExtToServiceConnmark "
                        + "ExternalServiceMode ForceTrackPacketsFromIfaces HostConntrackBypass "
                        + "HostNetworkedNATWithoutCTLB IPFragTimeout IPFragmentReassemblyEnabled JITHardening "
                        + "KubeProxyHealthzPort KubeProxyIptablesCleanupEnabled KubeProxyMinSyncPeriod L3IfacePattern "
                        + "LogFilters LogLevel MaglevMaxEndpointsPerService MaglevMaxServices MapSizeConntrack "
                        + "MapSizeConntrackCleanupQueue MapSizeConntrackScaling MapSizeIPSets MapSizeIfState "
                        + "MapSizeNATAffinity MapSizeNATBackend MapSizeNATFrontend MapSizePerCpuConntrack MapSizeRoute "
                        + "OverlayHostSourceIP PSNATPorts PolicyDebugEnabled Profiling RedirectToPeer")
                + ignored(
                    "debug",
                    "DisableLogDropping Host MemoryProfilePath Port SimulateCalcGraphHangAfter "
                        + "SimulateDataplaneApplyDelay SimulateDataplaneHangAfter")
                + ignored(
                    "flowLogs", "CollectorDebugTrace FlushInterval GoldmaneServer LocalReporter PolicyEvaluationMode")
                + ignored("go", "GCThreshold MaxProcs MemoryLimitMB")
                + ignored("health", "Enabled Host Port TimeoutOverrides")
                + ignored(
                    "ip",
                    "setsRefreshInterval tablesBackend tablesFilterAllowAction tablesFilterDenyAction "
                        + "tablesLockProbeInterval tablesMangleAllowAction tablesMarkMask tablesPostWriteCheckInterval "
                        + "tablesRefreshInterval")
                + ignored(
                    "log",
                    "ActionRateLimit ActionRateLimitBurst DebugFilenameRegex FilePath Prefix SeverityFile "
                        + "SeverityScreen SeveritySys")
                + ignored(
                    "nftables",
                    "FilterAllowAction FilterDenyAction FlowTableDataIfacePattern FlowTableOffload "
                        + "MangleAllowAction MarkMask RefreshInterval")
                + ignored(
                    "prometheus",
                    "GoMetricsEnabled MetricsCAFile MetricsCertFile MetricsClientAuth MetricsEnabled "
                        + "MetricsHost MetricsKeyFile MetricsPort ProcessMetricsEnabled WireGuardMetricsEnabled")
                + ignored("usageReporting", "Enabled InitialDelay Interval"),
            parts: ["document": document]),
    ]

    private static let detection = """
        firstFound +
        kubernetes +
        interface +
        skipInterface +
        canReach +
        cidrs +
        """

    /// Lines of fields that mean nothing to a network and begin alike.
    private static func ignored(_ beginning: String, _ names: String) -> String {
        names.split(separator: " ").map { "spec.\(beginning)\($0) -\n" }.joined()
    }
}
