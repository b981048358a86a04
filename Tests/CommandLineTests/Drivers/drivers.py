"""A router's session as NAPALM's and netmiko's own drivers for EOS see it, over a terminal in place of SSH.

usage: drivers.py NSLAB LAB ROUTER     prints one JSON document: what each getter returned, or the error that it raised
"""
import json
import os
import pty
import select
import sys

import napalm
import napalm.base.base
from netmiko.arista.arista import AristaSSH
from netmiko.channel import Channel

PROGRAM, LAB, ROUTER = sys.argv[1:4]


class TerminalChannel(Channel):
    """A session at a terminal of its own."""

    def __init__(self, arguments):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv(arguments[0], arguments)

    def write_channel(self, out_data):
        os.write(self.descriptor, out_data.encode())

    def read_buffer(self):
        ready, _, _ = select.select([self.descriptor], [], [], 0)
        if not ready:
            return ""
        try:
            return os.read(self.descriptor, 65536).decode(errors="replace")
        except OSError:
            return ""

    def read_channel(self):
        output = ""
        while more := self.read_buffer():
            output += more
        return output

    def close(self):
        os.close(self.descriptor)
        os.waitpid(self.pid, 0)


class Driver(AristaSSH):
    """netmiko's driver as it is, but for what it speaks over."""

    def establish_connection(self, width=511, height=1000):
        self.channel = TerminalChannel([PROGRAM, "cli", "--lab", LAB, ROUTER])
        self.remote_conn = self.channel
        self.special_login_handler()

    def is_alive(self):
        return True

    def paramiko_cleanup(self):
        self.channel.close()


def connect(**arguments):
    arguments.pop("device_type")
    return Driver(device_type="arista_eos", **arguments)


napalm.base.base.ConnectHandler = connect


def attempt(function, *arguments, **named):
    try:
        return function(*arguments, **named)
    except Exception as error:  # Each is a row of what the test looks at.
        return f"{type(error).__name__}: {error}"


report = {"netmiko": {}, "napalm": {}}
netmiko = Driver(device_type="arista_eos", host="router", username="x", password="x")
netmiko.enable()
report["netmiko"]["prompt"] = attempt(netmiko.find_prompt)
report["netmiko"]["version"] = attempt(netmiko.send_command, "show version", use_textfsm=True)
report["netmiko"]["brief"] = attempt(netmiko.send_command, "show ip interface brief", use_textfsm=True)
report["netmiko"]["long"] = attempt(netmiko.send_command, "show running-config | include " + "x" * 300)
report["netmiko"]["configured"] = attempt(
    netmiko.send_config_set, ["interface Ethernet1", "description by netmiko", "mtu 1450"])
report["netmiko"]["description"] = attempt(netmiko.send_command, "show interfaces Ethernet1 | include Description")
netmiko.disconnect()

device = napalm.get_network_driver("eos")("router", "x", "x", optional_args={"transport": "ssh"})
device.open()
for getter in (
    "get_facts", "get_interfaces", "get_interfaces_ip", "get_interfaces_counters", "get_arp_table",
    "get_mac_address_table", "get_vlans", "get_lldp_neighbors", "get_config",
    "get_network_instances", "get_bgp_neighbors",
):
    report["napalm"][getter] = attempt(getattr(device, getter))
report["napalm"]["get_route_to"] = attempt(device.get_route_to, "10.9.0.0/16")
report["napalm"]["cli"] = attempt(device.cli, ["show vlan"])
device.close()
json.dump(report, sys.stdout, indent=1)
