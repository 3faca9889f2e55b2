"""``python -m tests.soundness --count 2000 --seed 1``: distinct failures, the shortest program of each."""

from __future__ import annotations

import argparse
from collections import Counter

from tests.soundness.execution import Outcome
from tests.soundness.not_yet import SEVERAL_FILES
from tests.soundness.program import Program
from tests.soundness.programs import FORMS
from tests.soundness.search import Search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", action="store_true", help="try every form by itself, --count programs each")
    parser.add_argument("--only", default="", help="try one form by itself")
    parser.add_argument("--discarded", action="store_true", help="say why originals failed")
    parser.add_argument("--files", action="store_true", default=SEVERAL_FILES, help="divide strands between two files")
    options = parser.parse_args()
    forms = [options.only] if options.only else list(FORMS) if options.each else [""]
    kinds: Counter[str] = Counter()
    for only in forms:
        search = Search(options.count, options.seed, only, options.files).run()
        kinds += search.kinds
        failures = search.shortest()
        print(f"{only or 'all forms'}: {dict(search.kinds)}", flush=True)
        for program, outcome in failures:
            show(program, outcome)
        if options.discarded:
            print(*search.discarded.most_common(20), sep="\n")
    print(dict(kinds))


def show(program: Program, outcome: Outcome) -> None:
    print(f"--- {outcome.kind}: {', '.join(outcome.forms)}\n{program.text}=> {outcome.detail[:300]}\n", flush=True)


if __name__ == "__main__":
    main()
