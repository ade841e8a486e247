"""Feeds timelines to Timesketch's import client, with a sketch that only counts, and prints what would have been sent."""

import json
import sys

import pandas
from timesketch_import_client import importer


class Counting(importer.ImportStreamer):
    """Keeps what it would upload."""

    def __init__(self):
        super().__init__()
        self._sketch = object()
        self.sent = []

    def _upload_data_buffer(self, end_stream, data_lines=None, retry_count=0):
        self.sent += data_lines if data_lines is not None else self._data_lines

    def _upload_data_frame(self, data_frame, end_stream, retry_count=0):
        self.sent += data_frame.to_dict("records")


def taken(path):
    """What the client made of a file."""
    streamer = Counting()
    streamer.set_timeline_name("test")
    streamer.add_file(path)
    streamer.flush()
    dated = [row for row in streamer.sent if pandas.notna(pandas.to_datetime(row["datetime"], errors="coerce", utc=True))]
    tag = [row for row in streamer.sent if row["tag"] if isinstance(row["tag"], list) or json.loads(row["tag"])]
    named = [row for row in streamer.sent if isinstance(row["message"], str) and isinstance(row["timestamp_desc"], str)]
    count = len(streamer.sent)
    undated = count - len(dated)
    if path.endswith(".csv"):
        # The server reads CSV in one go and drops what differs from the form of the first time.
        times = pandas.to_datetime(pandas.read_csv(path)["datetime"], errors="coerce")
        undated = max(undated, int(times.isna().sum()))
    return {
        "rows": count,
        "undated": undated,
        "unnamed": count - len(named),
        "untagged": count - len(tag),
    }


if __name__ == "__main__":
    print(json.dumps({path: taken(path) for path in sys.argv[1:]}))
