"""Records over a stream socket: a length, then the value, tagged field by field.

The worker runs arbitrary code that may write anything to any descriptor, so the shell must survive every byte
sequence: unlike `pickle` and `marshal` this can only ever yield plain data and the records of
`jitrepl.messages`. Unlike `json` it knows bytes and costs no import (docs/decisions/0005).

    frame  = length:u32le value
    value  = 'N' | 'T' | 'F' | 'i' size:u32 two's-complement | 'f' f64 | 's' size:u32 utf-8 | 'b' size:u32 bytes
           | 'd' size:u32 decimal digits
           | '[' count:u32 value*  | '{' count:u32 (key value)*  | 'S' value value value    (a `Struct`'s parts)
           | '(' count:u32 value*  | 'R' size:u8 class-name value*      (the record's fields, in order)
"""

from __future__ import annotations

from struct import Struct, error

from jitrepl.records import RECORDS, Record
from jitrepl.structs import Struct as StructValue
