"""Whole networks as a part of the HTML report: verdict, measures, and a plot by depth for each."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.proofs import Measure, NetworkProof, Place
from migrate.report.depth import plot_depth
from migrate.report.failures import network_failure, remarks
from migrate.report.markup import number, text
from migrate.report.totals import plural

FEW_NETWORKS = 5
NAMES = ("measure", "largest difference", "bound", "difference / bound", "where")
EXPLAINED = {
    "initial": "the tensors that the network starts with; random ones have to be distributed alike",
    "trainable": "the number of parameters that only one of the two trains; none may be",
    "output": "the outputs of the training steps",
    "loss": "the loss of each step",
    "input": "the gradients of the inputs",
    "gradient": "the gradients of the parameters",
    "statistics": "the running statistics of every layer after each step",
    "evaluation": "the outputs in evaluation mode after the training steps",
}


def section(networks: tuple[NetworkProof, ...]) -> str:
    """The networks of a run."""
    items = "".join(f"<dt>{name}</dt><dd>{said}</dd>" for name, said in EXPLAINED.items())
    glossary = f"<details><summary>What is measured of a network</summary><dl>{items}</dl></details>"
    shown = "\n".join(_network(network, len(networks) <= FEW_NETWORKS) for network in networks)
    return f'<section id="networks"><h2>Networks</h2>\n{shown}\n{glossary}</section>'


def _network(network: NetworkProof, is_open: bool) -> str:
    verdict = '<span class="good">✓ proved</span>' if network.passed else '<span class="bad">✗ failed</span>'
    state = " open" if is_open or not network.passed else ""
    head = f"<h3><code>{text(network.network)}</code></h3> {verdict}"
    parts = [f'<details class="file"{state}><summary>{head}</summary>', *_parts(network)]
    return "\n".join([*parts, "</details>"])


def _parts(network: NetworkProof) -> Iterator[str]:
    layers = f"{network.migrated} of {plural(network.layers, 'layer')} of a migrated class run in MindSpore"
    steps = plural(network.steps, "training step")
    yield f"<p>{layers}; input {text(network.inputs)}, {steps}, {network.seconds:.1f} s.</p>"
    if not network.passed:
        place = f"<code>{text(network.site)}</code>: " if network.site else ""
        yield f'<p class="bad">✗ {place}{text(network_failure(network))}</p>'
    for remark in remarks(network):
        yield f'<p class="soft">{text(remark)}.</p>'
    if network.trace:
        yield f'<pre tabindex="0"><code>{text(network.trace)}</code></pre>'
    if network.measures:
        head = "".join(f'<th scope="col">{name}</th>' for name in NAMES)
        rows = "".join(_row(name, *found) for name, found in network.measures.items())
        yield f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    if network.depth:
        yield '<figure><div class="scroll" tabindex="0" role="region" aria-label="Plot by depth">'
        yield plot_depth(network.depth)
        yield f"""</div><figcaption class="soft">The output of each of {plural(len(network.depth), "layer")}, worst of
all phases; a layer is named when pointed at. The bound is measured: how far it moves when every layer errs.
</figcaption></figure>"""


def _row(name: str, measure: Measure, place: Place) -> str:
    cells = "".join(f'<td class="number">{number(v)}</td>' for v in (measure.max_abs, measure.bound))
    bad, sign = ("", "") if measure.passed else (" bad", "✗ ")
    ratio = f'<td class="number{bad}">{sign}{number(measure.ratio)}</td>'
    return f'<tr><th scope="row">{text(name)}</th>{cells}{ratio}<td>{text(place)}</td></tr>'
