//! Values of a row that are other than in the books.

use crate::column::Column;
use crate::company::Company;
use crate::company::odd::Of;
use crate::dialect::DamageKind;
use crate::node::Node;
use crate::value::{Shape, write_text};

pub(super) fn is_ledger(node: Node<'_>) -> bool {
    matches!(node, Node::Line(_) | Node::ApLine(_))
}

/// What a damaged row says instead.
pub(super) fn damaged(column: Column, kind: DamageKind) -> Option<&'static str> {
    let hit = match kind {
        DamageKind::TextForNumber => column == Column::AccountDbId || column == Column::SubledgerDbId,
        DamageKind::ImpossibleDate => column.is_date(),
        DamageKind::LongAmount | DamageKind::HugeAmount | DamageKind::WordForAmount => column.is_decimal(),
        DamageKind::NumberForText => column == Column::Text || column == Column::InvoiceNumber,
        DamageKind::Unresolved => false,
    };
    hit.then_some(match kind {
        DamageKind::TextForNumber => "\"abc\"",
        DamageKind::ImpossibleDate => "\"2025-02-30\"",
        DamageKind::LongAmount => "\"12.3456789\"",
        DamageKind::HugeAmount => "\"123456789012345678901234567890.00\"",
        DamageKind::WordForAmount => "\"twelve\"",
        DamageKind::NumberForText => "42",
        DamageKind::Unresolved => "null",
    })
}

/// What is said of a field of a row instead of its value.
pub(super) fn odd<'a>(books: &'a Company, node: Node<'_>, column: Column) -> Option<&'a str> {
    let of = match node {
        Node::Line(_) => Of::Line,
        Node::ApLine(_) => Of::ApLine,
        Node::Voucher(_) => Of::Voucher,
        Node::Period(_) => Of::Period,
        Node::Subledger(_) => Of::Subledger,
        _ => return None,
    };
    books.odd.of(of, node.id(), column)
}

/// Appends an odd value: a number stands as one where the field is a number.
pub(super) fn write_odd(out: &mut Vec<u8>, said: &str, shape: Shape) {
    let is_number = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    if shape == Shape::Number && is_number {
        out.extend_from_slice(said.as_bytes());
    } else {
        write_text(out, said);
    }
}
