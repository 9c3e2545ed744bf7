"""The answer as objects, one a line; `row` says what each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.backtest.study import Side, Study


def rows(study: Study) -> Iterator[dict[str, Any]]:
    """History, then for each side its library, incidents, figures and detection, then the comparison."""
    history, period = study.history, study.period
    yield {
        "row": "history", "names": history.names, "fingerprint": history.fingerprint, "by": history.by,
        "facts": len(history.arrivals), "from": period[0], "to": period[1],
        "refused": dict(sorted(history.refused.items())), "left_out": dict(sorted(history.skipped.items())),
        "faults": [str(fault) for fault in history.faults],
    }  # fmt: skip
    for side in study.sides:
        yield from _side(side)
    for match in study.matches:
        yield {"row": "comparison", **_plain(match)}


def _side(side: Side) -> Iterator[dict[str, Any]]:
    own = {"side": side.letter} if side.letter else {}
    result = side.result
    yield {
        "row": "library", **own, "site": side.directory, "hash": side.hash,
        "plans": dict(sorted(side.library.versions.items())), "alerts": len(result.alerts),
        "unwatched": result.unwatched, "refused": dict(sorted(result.refused.items())),
        "refusals": [{"id": one.fact.id, "reason": one.reason, "explain": one.explain} for one in result.refusals],
    }  # fmt: skip
    for incident in result.incidents:
        yield {"row": "incident", **own, **_plain(incident)}
    for statistics in result.statistics:
        targets = {name: {"target": one.text, "met": one.met} for name, one in statistics.targets.items()}
        yield {"row": "plan", **own, **_plain(statistics), "targets": targets}
    if side.detection is not None:
        yield {"row": "detection", **own, **_plain(side.detection)}


def _plain(struct: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
