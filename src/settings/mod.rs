//! Reading settings strictly: every key is declared once, in the code that uses it.
//!
//! A declaration such as
//!
//! ```
//! # use byzsim::settings::Keys;
//! # struct Noise { std: f64 }
//! # fn read(keys: &mut Keys) -> Noise {
//! Noise {
//!     std: keys.key("std", "Standard deviation of the noise").symbol("σ").at_least(0.0).required(),
//! }
//! # }
//! ```
//!
//! reads the value, checks type and range, refuses what is not declared, fills in the default,
//! writes the resolved settings, and tells the catalogue ([`TableDoc`]) what the key means, of which
//! `byzsim list`, the JSON Schema for editors and the comments of new scenarios are made. So there is
//! no second list of names, defaults or ranges anywhere.
//!
//! Mistakes are gathered in [`Problems`], never thrown one by one; each knows its place in the
//! text. After a mistake the reader goes on with a placeholder, and the caller must drop what was
//! read unless [`Problems::is_empty`].

mod bounds;
mod catalogue;
mod demands;
mod docs;
mod field;
mod form;
mod keys;
mod limits;
mod located;
mod names;
mod nested;
mod node;
mod overrides;
mod problem;
mod range;
mod schema;
mod selection;
mod source;
mod unclosed;
mod values;

pub use crate::kind;
pub use bounds::Bounds;
pub use catalogue::{Catalogue, Entry as Kind};
pub use docs::{Case, DefaultDoc, KeyDoc, KindDoc, Presence, TableDoc};
pub use field::Field;
pub use form::Form;
pub use keys::{Keys, Tolerances};
pub use limits::{MOST_CHARACTERS, shortened};
pub(crate) use located::wrapped;
pub use located::{Located, WrongSettings};
pub use names::nearest;
pub use nested::keys_of_cases;
pub use node::{Entry, Node, Table, Value};
pub use overrides::Overrides;
pub use problem::{Problem, Problems};
pub use range::NumberOrRange;
pub(crate) use schema::{bare, open, share, titled};
pub use selection::{Selected, Selection};
pub use source::{SourceId, Sources, Span};
pub(crate) use values::wrong;
pub use values::{Choice, Chosen, Numbers, Schedule, Setting};
