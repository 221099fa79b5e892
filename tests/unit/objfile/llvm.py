"""Objects to read, made from LLVM IR in this process: two programs, functions that they share, maps and data."""

from __future__ import annotations

from functools import cache
from typing import Final

import llvmlite.binding as llvm

SHARED: Final = """
target triple = "bpfel"

%definition = type { ptr, ptr, ptr, ptr }

@hits = global %definition zeroinitializer, section ".maps", align 8, !dbg !10
@known = global %definition zeroinitializer, section ".maps", align 8, !dbg !30
@total = global i64 7, align 8, !dbg !60
@empty = internal global i64 0, align 8
@limit = constant i32 5, section ".rodata", align 4
@_license = global [4 x i8] c"GPL\\00", section "license", align 1

define i32 @first(ptr %context) section "sk_reuseport" !dbg !40 {
  %a = call i32 @shared(i32 1), !dbg !41
  %old = load volatile i64, ptr @total, align 8, !dbg !42
  store volatile i64 %old, ptr @empty, align 8, !dbg !42
  ret i32 %a, !dbg !42
}

define i32 @second(ptr %context) section "sk_reuseport/other" !dbg !45 {
  %a = call i32 @outer(i32 2), !dbg !46
  %b = call i32 @shared(i32 3), !dbg !46
  %l = load volatile i32, ptr @limit, align 4, !dbg !46
  %c = add i32 %a, %b
  %d = and i32 %c, %l
  ret i32 %d, !dbg !46
}

define internal i32 @shared(i32 %x) noinline !dbg !50 {
  %key = alloca i32, align 4
  store i32 %x, ptr %key, align 4, !dbg !51
  %lookup = inttoptr i64 1 to ptr
  %value = call ptr %lookup(ptr @hits, ptr %key), !dbg !51
  %missing = icmp eq ptr %value, null
  %r = select i1 %missing, i32 0, i32 1
  ret i32 %r, !dbg !51
}

define internal i32 @outer(i32 %x) noinline !dbg !53 {
  %v = alloca i32, align 4
  store volatile i32 %x, ptr %v, align 4, !dbg !54
  %y = load volatile i32, ptr %v, align 4, !dbg !54
  %a = call i32 @shared(i32 %y), !dbg !54
  %b = add i32 %a, 1
  ret i32 %b, !dbg !54
}

!llvm.dbg.cu = !{!1}
!llvm.module.flags = !{!2}
!1 = distinct !DICompileUnit(language: DW_LANG_C11, file: !3, isOptimized: true, emissionKind: FullDebug, globals: !4)
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DIFile(filename: "policy.py", directory: "")
!4 = !{!10, !30, !60}
!5 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
!6 = !DIBasicType(name: "u32", size: 32, encoding: DW_ATE_unsigned)
!7 = !DIBasicType(name: "u64", size: 64, encoding: DW_ATE_unsigned)
!8 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !6, size: 64)
!9 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !7, size: 64)
!10 = !DIGlobalVariableExpression(var: !11, expr: !DIExpression())
!11 = distinct !DIGlobalVariable(name: "hits", scope: !1, file: !3, line: 1, type: !12, isDefinition: true)
!12 = !DICompositeType(tag: DW_TAG_structure_type, file: !3, size: 256, elements: !13)
!13 = !{!14, !15, !16, !17}
!14 = !DIDerivedType(tag: DW_TAG_member, name: "type", file: !3, baseType: !22, size: 64)
!15 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", file: !3, baseType: !23, size: 64, offset: 64)
!16 = !DIDerivedType(tag: DW_TAG_member, name: "key", file: !3, baseType: !8, size: 64, offset: 128)
!17 = !DIDerivedType(tag: DW_TAG_member, name: "value", file: !3, baseType: !9, size: 64, offset: 192)
!18 = !{!DISubrange(count: 2)}
!19 = !{!DISubrange(count: 6)}
!20 = !DICompositeType(tag: DW_TAG_array_type, baseType: !5, size: 64, elements: !18)
!21 = !DICompositeType(tag: DW_TAG_array_type, baseType: !5, size: 192, elements: !19)
!22 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !20, size: 64)
!23 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !21, size: 64)
!30 = !DIGlobalVariableExpression(var: !31, expr: !DIExpression())
!31 = distinct !DIGlobalVariable(name: "known", scope: !1, file: !3, line: 2, type: !32, isDefinition: true)
!32 = !DICompositeType(tag: DW_TAG_structure_type, file: !3, size: 256, elements: !33)
!33 = !{!34, !15, !35, !36}
!34 = !DIDerivedType(tag: DW_TAG_member, name: "type", file: !3, baseType: !39, size: 64)
!35 = !DIDerivedType(tag: DW_TAG_member, name: "key_size", file: !3, baseType: !23, size: 64, offset: 128)
!36 = !DIDerivedType(tag: DW_TAG_member, name: "value_size", file: !3, baseType: !22, size: 64, offset: 192)
!37 = !{!DISubrange(count: 1)}
!38 = !DICompositeType(tag: DW_TAG_array_type, baseType: !5, size: 32, elements: !37)
!39 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !38, size: 64)
!40 = distinct !DISubprogram(name: "first", scope: !3, file: !3, line: 3, type: !48, unit: !1, retainedNodes: !80, spFlags: DISPFlagDefinition)
!41 = !DILocation(line: 4, column: 9, scope: !40)
!42 = !DILocation(line: 5, column: 5, scope: !40)
!45 = distinct !DISubprogram(name: "second", scope: !3, file: !3, line: 7, type: !48, unit: !1, retainedNodes: !82, spFlags: DISPFlagDefinition)
!46 = !DILocation(line: 8, column: 5, scope: !45)
!48 = !DISubroutineType(types: !49)
!49 = !{!5, !8}
!50 = distinct !DISubprogram(name: "shared", scope: !3, file: !3, line: 10, type: !52, unit: !1, retainedNodes: !84, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition)
!51 = !DILocation(line: 11, column: 5, scope: !50)
!52 = !DISubroutineType(types: !55)
!53 = distinct !DISubprogram(name: "outer", scope: !3, file: !3, line: 13, type: !52, unit: !1, retainedNodes: !86, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition)
!54 = !DILocation(line: 14, column: 5, scope: !53)
!55 = !{!5, !5}
!80 = !{!81}
!81 = !DILocalVariable(name: "context", arg: 1, scope: !40, file: !3, line: 3, type: !8)
!82 = !{!83}
!83 = !DILocalVariable(name: "context", arg: 1, scope: !45, file: !3, line: 7, type: !8)
!84 = !{!85}
!85 = !DILocalVariable(name: "x", arg: 1, scope: !50, file: !3, line: 10, type: !5)
!86 = !{!87}
!87 = !DILocalVariable(name: "x", arg: 1, scope: !53, file: !3, line: 13, type: !5)
!60 = !DIGlobalVariableExpression(var: !61, expr: !DIExpression())
!61 = distinct !DIGlobalVariable(name: "total", scope: !1, file: !3, line: 9, type: !7, isDefinition: true)
"""  # noqa: E501


@cache
def assemble(text: str = SHARED) -> bytes:
    """The object that LLVM makes of the IR, optimised no further."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple("bpfel").create_target_machine(cpu="v3", opt=2)
    module = llvm.parse_assembly(text)
    module.verify()
    return bytes(machine.emit_object(module))
