//! Settings that say which lines are spend, and what of them is published.

use super::reader::Reader;
use super::{
    CONTACTS, DOCUMENT_TYPES, EXCLUDED_ACCOUNTS, EXPENSE_TEXT, EXTRA_PAYROLL_DOCUMENT_TYPES, HISTORY_FROM, LANGUAGE,
    PAYROLL_ACCOUNTS, PAYROLL_DOCUMENT_TYPES, PAYROLL_MATCHES, PAYROLL_WORDS, PERSONAL_NUMBERS, TEXT, VAT_RATES,
};
use crate::refresh::rules::{Codes, Personal, Rules};

pub(super) fn read(reader: &mut Reader<'_>) -> Rules {
    let mut rules = Rules::default();
    rules.document_types = reader.list(DOCUMENT_TYPES, rules.document_types);
    if rules.document_types.is_empty() {
        reader.fault(DOCUMENT_TYPES, "is empty, so that no line would be kept; leave it out for AP,BA,ER");
    }
    rules.excluded_accounts = reader.list(EXCLUDED_ACCOUNTS, rules.excluded_accounts);
    rules.payroll_document_types = reader.list(PAYROLL_DOCUMENT_TYPES, rules.payroll_document_types);
    if rules.payroll_document_types.is_empty() {
        reader.fault(
            PAYROLL_DOCUMENT_TYPES,
            "is empty; name the document types of payroll, or leave it out for PR,PY,SA,SAL,LO,LON,LØ",
        );
    }
    rules.payroll_document_types.add(reader.list(EXTRA_PAYROLL_DOCUMENT_TYPES, Codes::default()));
    rules.payroll_words = reader.list(PAYROLL_WORDS, rules.payroll_words);
    rules.payroll_accounts = reader.list(PAYROLL_ACCOUNTS, rules.payroll_accounts);
    rules.payroll_matches =
        reader.value(PAYROLL_MATCHES, rules.payroll_matches, |text| match text.to_ascii_lowercase().as_str() {
            "on" | "true" => Ok(true),
            "off" | "false" => Ok(false),
            _ => Err(format!("`{text}` is neither on nor off")),
        });
    rules.history_from = reader.value(HISTORY_FROM, None, |text| text.parse().map(Some));
    rules.vat_rates = reader.list(VAT_RATES, rules.vat_rates);
    rules.language = reader.value(LANGUAGE, rules.language, str::parse);
    let mut is_kept = |name, default| {
        reader.value(name, default, |text| match text.to_ascii_lowercase().as_str() {
            "keep" => Ok(true),
            "drop" => Ok(false),
            _ => Err(format!("`{text}` is neither keep nor drop")),
        })
    };
    rules.personal = Personal {
        texts: is_kept(TEXT, rules.personal.texts),
        expense_texts: is_kept(EXPENSE_TEXT, rules.personal.expense_texts),
        contacts: is_kept(CONTACTS, rules.personal.contacts),
        numbers: is_kept(PERSONAL_NUMBERS, rules.personal.numbers),
    };
    rules
}
