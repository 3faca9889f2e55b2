"""What a failed proof says in one line; every report uses these words."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.proofs import Case, NetworkProof, Proof, Site, Verification

WIDE = 0.01
"""The part of an output from which a bound is called wide."""


def failures(verification: Verification) -> Iterator[tuple[Site | None, str]]:
    """Each place of a failed proof, with a line that says what failed; None for a network that no file is known of."""
    for proof in verification.proofs:
        if not proof.passed:
            for site in proof.sites:
                yield site, f"BN907 proof failed: {failure(proof)}"
    for network in verification.networks:
        if not network.passed:
            said = f"network {network.network}: {network_failure(network)}"
            places = [network.site] if network.site else [Site(path, 1) for path in sorted(network.paths)]
            for place in places if network.ran and places else [None]:
                yield place, f"BN907 proof failed: {said}" if network.ran else said


def network_failure(network: NetworkProof) -> str:
    """What ended the rewritten network, or where it parts company with the original."""
    if not network.ran:
        return f"the original does not run, before any migration: {network.error}"
    if network.error is None:
        return f"the two differ first in the {network.first}"
    return f"after the migration: {network.error}{f', in: {network.line}' if network.line else ''}"


def remarks(network: NetworkProof) -> list[str]:
    """What the proof of a network does not tell, and what helps."""
    found = []
    if network.blur > WIDE:
        found.append(
            f"the network amplifies rounding to {network.blur:.0%} of its outputs, so that smaller differences go "
            "unseen: a larger --input or fewer --steps see more"
        )
    if network.idle:
        found.append(f"never called, so that nothing is known of them: {', '.join(network.idle)}")
    return found


def failure(proof: Proof) -> str:
    """Which measure failed, by how much and with which values, or the error instead."""
    case = worst_case(proof)
    with_values = f" with {case.bound_names}" if case.bindings else ""
    if case.error is not None:
        return f"{case.error}{with_values}"
    name = case.failures[0]
    measure = case.measures[name]
    others = f"; also {', '.join(case.failures[1:])}" if len(case.failures) > 1 else ""
    return f"{name} differs by {measure.max_abs:.3g}, allowed {measure.bound:.3g}{with_values}{others}"


def worst_case(proof: Proof) -> Case:
    """The case that a report shows of a failed proof: the first with a measure, since that says most."""
    failed = [case for case in proof.cases if not case.passed]
    return min(failed, key=lambda case: case.error is not None)
