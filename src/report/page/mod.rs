//! The page of a report: one HTML file that needs nothing else, no network and no script.
//!
//! All text goes through [`maud`], which escapes it. What cannot is told apart by
//! [`PreEscaped`]: the drawings, which escape for themselves, the style and the script. What is no
//! text, and what turns the direction of writing, is taken out of the whole. The script adds values
//! under the pointer, by keys and by touch, and sorts tables; a policy of the page lets this one
//! run and nothing else, whatever a name in a scenario says.

mod colors;
mod table;
mod values;

#[cfg(test)]
mod tests;

use super::document::{Block, Document, Section};
use super::draw::{clean, draw};
use super::figure::Figure;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use table::table;

/// How the page looks, but for the colors of figures.
const STYLE: &str = include_str!("style.css");
/// What the page does.
const SCRIPT: &str = include_str!("script.js");

/// A document as a page: HTML that opens from a file, in light and in dark, and can be printed.
pub fn page(document: &Document) -> String {
    let style = format!("{STYLE}{}", colors::style());
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; \
         form-action 'none'",
        source(&style),
        source(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("byzsim ", env!("CARGO_PKG_VERSION")));
                title { (document.title) }
                // Without one, browsers ask the network for an icon.
                link rel="icon" href="data:,";
                style { (PreEscaped(style)) }
            }
            body {
                header { h1 { (document.title) } }
                nav aria-label="Sections" {
                    ol {
                        @for (index, section) in document.sections.iter().enumerate() {
                            li { a href={ "#" (anchor(index)) } { (section.heading) } }
                        }
                    }
                }
                main {
                    @for (index, part) in document.sections.iter().enumerate() {
                        (section(&anchor(index), part))
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let lines: Vec<String> = page.into_string().split('\n').map(clean).collect();
    lines.join("\n")
}

/// What a policy calls a style or script whose text is this.
fn source(text: &str) -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(text));
    format!("'sha256-{hash}'")
}

/// Where the links to a section lead.
fn anchor(section: usize) -> String {
    format!("section-{}", section + 1)
}

fn section(anchor: &str, section: &Section) -> Markup {
    let is_case = |block: &Block| matches!(block, Block::Heading(_));
    let first_case = section.blocks.iter().position(is_case);
    html! {
        section id=(anchor) {
            h2 { (section.heading) }
            @for (index, part) in section.blocks.iter().enumerate() {
                (block(part, first_case.is_some_and(|first| first < index)))
            }
        }
    }
}

/// A piece of a section, perhaps of a case that has a heading of its own.
fn block(block: &Block, is_of_case: bool) -> Markup {
    html! {
        @match block {
            Block::Heading(text) => h3.case { (text) },
            Block::Text(text) => p { (text) },
            Block::Facts(facts) => dl.facts {
                @for (name, what) in facts {
                    div { dt { (name) } dd { (what) } }
                }
            },
            Block::Figures(figures) => div.figures {
                @for one in figures { (figure(one, is_of_case)) }
            },
            Block::Table(what) => (table(what)),
            Block::Listing(name, text) => details.listing {
                summary { (name) }
                pre tabindex="0" { (text) }
            },
        }
    }
}

fn figure(figure: &Figure, is_of_case: bool) -> Markup {
    let drawn = draw(figure);
    html! {
        figure id={ "figure-" (figure.name) } {
            @if is_of_case { h4 { (figure.title) } } @else { h3 { (figure.title) } }
            div.plot data-values=(values::packed(figure, &drawn.frame)) {
                (PreEscaped(drawn.svg))
            }
            figcaption {
                p { (figure.caption) }
                details {
                    summary { "In words" }
                    p { (figure.alternative) }
                }
            }
        }
    }
}
