"""Whole networks for people: a table for each, and where the original and the rewritten one part company."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from migrate.proofs import NetworkProof
from migrate.report.failures import network_failure, remarks

COLUMNS = ("measure", "difference", "bound", "ratio", "where")


def show(networks: tuple[NetworkProof, ...], out: Console) -> None:
    """Print the table of each network, or what ended it."""
    for network in networks:
        verdict = Text("proved", style="bold green") if network.passed else Text("FAILED", style="bold red")
        layers = f"{network.migrated} of {network.layers} layers MindSpore's, " if network.ran else ""
        about = f": {layers}input {network.inputs}, {network.steps} steps, {network.seconds:.1f} s: "
        out.print(Text.assemble((network.network, "bold"), about, verdict))
        if network.measures:
            out.print(_table(network), soft_wrap=False)
        for remark in remarks(network):
            out.print(Text(f"    {remark}", style="yellow"))
        if not network.passed:
            _show_failure(network, out)


def _show_failure(network: NetworkProof, out: Console) -> None:
    place = f"{network.site}: " if network.site else ""
    head = Text("BN907 proof failed: " if network.ran else "", style="bold red")
    out.print(Text.assemble((place, "bold"), head, network_failure(network)))
    for line in network.trace.splitlines():
        out.print(Text(f"    {line}"))


def _table(network: NetworkProof) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in ("measure", "where") else "right", no_wrap=True)
    for name, (measure, place) in network.measures.items():
        style = None if measure.passed else "bold red"
        cells = (name, f"{measure.max_abs:.1e}", f"{measure.bound:.1e}", f"{measure.ratio:.2f}", str(place))
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table
