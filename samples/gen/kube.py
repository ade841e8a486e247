"""The Cluster that a sample is built in; brings the parts of the library together under one name."""

from base import (
    HOUR, RESOURCES, at, backoff_runs, container, digest, ended, go_json, http_probe, number, parse, sec, stamp, suffix,
    tcp_probe, template)
from basics import Basics
from derive import Derive
from events import Events
from nodefiles import NodeFiles
from output import Output
from workloads import Workloads

__all__ = ["Cluster", "HOUR", "at", "backoff_runs", "container", "digest", "ended", "go_json", "http_probe", "number",
           "parse", "sec", "stamp", "suffix", "tcp_probe", "template"]


class Cluster(Basics, Workloads, Events, NodeFiles, Derive, Output):
    """One captured cluster: collect objects with its methods, then call `finish` for the files."""

    def __init__(self, seed, minor, patch, captured, born, context):
        self.seed, self.minor, self.patch = seed, minor, patch
        self.now, self.born, self.context = captured, born, context
        self.version = "v1.%d.%d" % (minor, patch)
        self.objects = {resource: [] for resource, _, _ in RESOURCES}
        self.events, self.logs, self.node_files, self.journals = [], {}, {}, {}
        self.owners, self.change, self.progress, self.focus = {}, {}, {}, set()
        self.offsets, self.json_resources, self.multi_document, self.refused = {}, set(), set(), {}
        self.no_managed, self.split, self.with_node_files = set(), {}, True
        self.ip_next, self.cluster_ip_next, self.used_ips = {}, 0, set()
        self.readyz_failed = ()
        self.more_node_files = {}  # (node, file) -> (command, output)
        self.lost_nodes, self.late = set(), {}  # nodes that do not answer; nodes whose clock is behind, and by how much
        # Outputs of further commands on nodes, what to do when statuses are derived, and what a capture left out.
        self.patches, self.only, self.api_error = [], None, None
        self.managed_secrets = set()
