//! What introspection answers: types with their fields, as far as they are asked for.

use serde::Deserialize;
use serde_json::Value;

/// The type of the roots.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Roots {
    pub(crate) query_type: Option<TypeDefinition>,
}

/// A type: its fields, the keys of a filter, or the values of an enum.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeDefinition {
    #[serde(alias = "inputFields", alias = "enumValues")]
    pub(crate) fields: Option<Vec<Field>>,
}

/// A field of a type, a key of a filter, an argument, or a value of an enum.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(default)]
    r#type: Value,
    #[serde(default)]
    pub(crate) args: Vec<Field>,
    #[serde(default)]
    default_value: Option<String>,
}

impl Field {
    /// The named type below the lists and non-nulls.
    pub(crate) fn leaf(&self) -> Option<&str> {
        let mut of = Some(&self.r#type);
        while let Some(definition) = of {
            if let Some(name) = definition["name"].as_str() {
                return Some(name);
            }
            of = definition.get("ofType");
        }
        None
    }

    /// Whether an object has a field of this name, where its fields were asked for.
    pub(crate) fn leads_to(&self, name: &str) -> bool {
        let fields = [&self.r#type["fields"], &self.r#type["ofType"]["fields"]];
        fields.into_iter().filter_map(Value::as_array).flatten().any(|field| field["name"] == name)
    }

    /// Whether an argument must be given.
    pub(crate) fn is_required(&self) -> bool {
        self.r#type["kind"] == "NON_NULL" && self.default_value.is_none()
    }
}

impl TypeDefinition {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.as_ref()?.iter().find(|field| field.name == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    pub(crate) fn leaf(&self, name: &str) -> Option<&str> {
        self.field(name)?.leaf()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.fields.iter().flatten().map(|field| field.name.clone()).collect()
    }
}
