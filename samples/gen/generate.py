"""Writes every sample bundle from its module, or with --check verifies what is on disk and its consistency."""

import os
import sys

sys.dont_write_bytecode = True

import check
import hostile
import i01
import i02
import i03
import i04
import i05
import i06
import i07
import i08
import i09
import i10
import i11
import i12
import i13
import i14
import i15
import i16
import i17
import i18
import i19
import i20
import i21
import i22
import i23
import i24
import i25
import i26
import i27
import i28
import i29
import i30
import n1
import n2
import n3
import n5
import n6

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HAND_WRITTEN = {"README.md", "truth.yaml"}
SAMPLES = {
    "i01-kube-proxy-oom": i01.main,
    "i01-variant-timeout": i01.timeout,
    "i01-variant-recovered": i01.recovered,
    "i01-variant-no-node-files": i01.no_node_files,
    "i02-impossible-node-selector": i02.main,
    "i03-missing-env-after-configmap-edit": i03.main,
    "i04-service-selector-typo": i04.main,
    "i05-dns-blocked-by-networkpolicy": i05.main,
    "i05-variant-wrong-dns-label": i05.wrong_label,
    "i06-volume-permission-denied": i06.main,
    "i07-rollout-induced-503": i07.main,
    "i08-jvm-heap-exceeds-limit": i08.main,
    "i09-liveness-kill-by-cpu-throttling": i09.main,
    "i10-segfault-after-library-change": i10.main,
    "i11-disk-pressure-evictions": i11.main,
    "i12-stale-endpoint-rules": i12.main,
    "i13-dns-five-seconds": i13.main,
    "i14-conntrack-table-full": i14.main,
    "i15-runaway-job": i15.main,
    "i16-dead-node-holds-volumes": i16.main,
    "i17-clock-behind": i17.main,
    "i18-containerd-killed-for-memory": i18.main,
    "i19-image-tag-missing": i19.main,
    "i20-pull-secret-rotated": i20.main,
    "i21-gpu-taint-not-tolerated": i21.main,
    "i22-volume-in-another-zone": i22.main,
    "i23-liveness-asks-the-database": i23.main,
    "i24-readiness-asks-the-cache": i24.main,
    "i25-etcd-on-a-failing-disk": i25.main,
    "i26-control-plane-certificates-expired": i26.main,
    "i27-webhook-blocks-itself": i27.main,
    "i28-gpu-off-the-bus": i28.main,
    "i29-coredns-loop": i29.main,
    "i30-autoscaler-blind": i30.main,
    "n1-healthy-rolling-update": n1.main,
    "n2-scaled-to-zero": n2.main,
    "n3-events-expired": n3.main,
    "n5-cordoned-for-maintenance": n5.main,
    "n6-pods-only": n6.main,
}


def on_disk(directory):
    """Generated files of a sample as they lie on disk: path -> bytes."""
    found = {}
    for base, _, names in os.walk(directory):
        for name in names:
            path = os.path.relpath(os.path.join(base, name), directory)
            if path not in HAND_WRITTEN:
                with open(os.path.join(base, name), "rb") as handle:
                    found[path] = handle.read()
    return found


def write(directory, files, existing):
    """Makes the directory hold exactly `files` besides the hand-written ones."""
    for path in set(existing) - set(files):
        os.remove(os.path.join(directory, path))
    for path, data in files.items():
        if existing.get(path) != data:
            full = os.path.join(directory, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as handle:
                handle.write(data)
    for base, dirs, names in os.walk(directory, topdown=False):
        if not dirs and not names and not os.listdir(base):
            os.rmdir(base)


def main(arguments):
    """Entry point; returns the exit code."""
    checking = "--check" in arguments
    only = [a for a in arguments if not a.startswith("--")]
    bad = 0
    for name, build in SAMPLES.items():
        if only and name not in only:
            continue
        cluster = build()
        files = cluster.finish()
        problems = check.problems(cluster, files)
        directory = os.path.join(ROOT, name)
        existing = on_disk(directory)
        if checking:
            problems += ["differs on disk: " + p for p in sorted(set(files) | set(existing))
                         if files.get(p) != existing.get(p)]
            problems += ["missing: " + p for p in sorted(HAND_WRITTEN) if not os.path.exists(os.path.join(directory, p))]
        else:
            write(directory, files, existing)
        print("%-42s %4d files %8d bytes%s" % (name, len(files), sum(map(len, files.values())),
                                               "" if not problems else "  %d problem(s)" % len(problems)))
        for problem in problems:
            print("  " + problem)
        bad += len(problems)
    if not only or "hostile" in only:
        bad += odd(checking)
    return 1 if bad else 0


def odd(checking):
    """Bundles for tests that are no samples, because nothing happened in them; returns the number of problems."""
    directory = os.path.join(os.path.dirname(ROOT), "tests", "hostile")
    files = {"bundle/" + path: data for path, data in hostile.files().items()}
    files.update(hostile.payloads())
    existing = on_disk(directory)
    problems = []
    if checking:
        problems = ["differs on disk: " + p for p in sorted(set(files) | set(existing)) if files.get(p) != existing.get(p)]
    else:
        write(directory, files, existing)
    print("%-42s %4d files %8d bytes" % ("tests/hostile", len(files), sum(map(len, files.values()))))
    for problem in problems:
        print("  " + problem)
    return len(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
