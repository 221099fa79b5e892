"""What generated functions are made of, and how often: the tables of all forms."""

from __future__ import annotations

from typing import Final

from tests.fuzz import expressions, helpers, loops, packets, queues, references, statements, structs
from tests.fuzz.file import weighted
from tests.fuzz.scope import Grammar

_PLAIN: Final = (
    (6, statements.assign),
    (4, statements.augment),
    (2, statements.annotate),
    (2, statements.assign_several),
    (5, statements.store),
    (4, statements.update),
    (1, statements.nothing),
    (1, statements.trace),
    (2, structs.assign),
    (1, structs.store),
    (1, references.write),
    (1, references.update),
    (1, references.swap),
    (2, queues.push),
    (1, queues.add),
    (2, queues.emit),
)

GRAMMAR: Final = Grammar(
    leaves=weighted(
        (12, expressions.readable),
        (4, expressions.literal),
        (1, expressions.named_constant),
        (1, expressions.folded),
        (1, expressions.element),
        (3, packets.fixed_read),
        (1, packets.length),
        (2, packets.field),
        (1, expressions.outside),
    ),
    records=weighted(
        (6, structs.variable),
        (3, structs.made),
        (3, structs.read),
        (2, structs.item),
        (1, structs.get),
        (1, structs.ternary),
        (2, structs.inner),
        (1, helpers.call_for_record),
        (1, queues.taken),
    ),
    looked_up=expressions.READABLE,
    terms=weighted(
        (12, expressions.binary),
        (1, expressions.power),
        (3, expressions.unary),
        (4, expressions.comparison),
        (2, expressions.logic),
        (2, expressions.ternary),
        (2, expressions.membership),
        (1, expressions.walrus),
        (1, expressions.element),
        (3, expressions.cast),
        (2, expressions.choice),
        (1, expressions.absolute),
        (2, expressions.read),
        (1, packets.text),
        (3, expressions.item),
        (2, expressions.get),
        (1, expressions.fetch_add),
        (2, helpers.call),
        (3, structs.field),
        (1, structs.hashed),
        (4, references.through),
        (1, references.compare_swap),
        (1, queues.take),
        (1, queues.member),
        (1, queues.emitted),
    ),
    plain=weighted(*_PLAIN, (1, statements.effect)),
    statements=weighted(
        *_PLAIN,
        (2, statements.delete),
        (2, statements.effect),
        (5, statements.branch),
        (2, statements.match_cases),
        (3, statements.return_early),
        (2, statements.assertion),
        (4, loops.for_loop),
        (2, loops.while_loop),
        (1, loops.long_loop),
        (1, helpers.call_for_effect),
        (2, helpers.unpack),
        (1, helpers.call_again),
        (4, references.look_up),
    ),
)
