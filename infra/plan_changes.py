"""What one library of plans has that another has not: by plan version, and by point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.library import Library

Kind = Literal["added", "removed", "changed"]
KINDS: dict[Kind, Words] = {
    "added": Words(zh="新增", en="added"),
    "removed": Words(zh="删除", en="removed"),
    "changed": Words(zh="变更", en="changed"),
}


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One plan, one point, or the site itself (`what`); plans with the version before and after."""

    what: Literal["plan", "point", "site"]
    name: str
    kind: Kind
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        words, noun = KINDS[self.kind], NOUNS[self.what]
        versions = f"  {self.before or '—'} → {self.after or '—'}" if self.what == "plan" else ""
        return f"{words.zh} {words.en}  {noun.zh} {noun.en}  {self.name}{versions}"


NOUNS = {
    "plan": Words(zh="预案", en="plan"), "point": Words(zh="监测点", en="point"), "site": Words(zh="站点", en="site"),
}  # fmt: skip


def changes(before: Library | None, after: Library) -> Iterator[Changed]:
    """What differs, plans first; against nothing all is new."""
    old, new = before.versions if before else {}, after.versions
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Changed(
                what="plan", name=name, kind=_kind(name in old, name in new), before=old.get(name), after=new.get(name)
            )
    lines, now = before.site.points if before else {}, after.site.points
    for name in sorted(lines.keys() | now.keys()):
        if lines.get(name) != now.get(name):
            yield Changed(what="point", name=name, kind=_kind(name in lines, name in now))
    if before is None or before.site.file != after.site.file:
        yield Changed(what="site", name="site.yaml", kind=_kind(before is not None, there=True))


def _kind(was: bool, there: bool) -> Kind:
    return "changed" if was and there else "added" if there else "removed"
