//! Converts Markdown to HTML: parsed by `comrak`, written with the few elements a message may have.
//!
//! Nothing disappears: what is not formatted is shown as text. Work and nesting are bounded, even for text crafted to
//! be slow.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use comrak::arena_tree::NodeEdge;
use comrak::html::escape_href;
use comrak::nodes::{ListType, Node, NodeList, NodeValue};
use comrak::{Arena, Options, parse_document};

use crate::formatting::lines;
use crate::formatting::text::{escape, named};
use crate::kernel::ids::PersonId;

/// Quotes, lists and emphasis nested deeper than this are shown without formatting.
const NESTING_MOST: usize = 16;

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.parse.ignore_setext = true;
    options
});

/// The HTML of a text, not yet sanitized.
pub(crate) fn html(text: &str, mentions: &[(PersonId, String)]) -> String {
    let text = lines::parted(text);
    let arena = Arena::new();
    let mut writer = Writer::new(&text, mentions);
    for edge in parse_document(&arena, &text, &OPTIONS).traverse() {
        match edge {
            NodeEdge::Start(node) => writer.start(node),
            NodeEdge::End(_) => writer.end(),
        }
    }
    writer.html
}

/// The text without Markdown's marks; white space separates blocks and lines.
pub(crate) fn words(text: &str) -> String {
    let text = lines::parted(text);
    let arena = Arena::new();
    let mut words = String::with_capacity(text.len());
    for edge in parse_document(&arena, &text, &OPTIONS).traverse() {
        match edge {
            NodeEdge::Start(node) => match &node.data().value {
                NodeValue::Text(literal) => words.push_str(literal),
                NodeValue::Code(code) => words.push_str(&code.literal),
                NodeValue::CodeBlock(block) => words.push_str(&block.literal),
                NodeValue::HtmlBlock(block) => words.push_str(&block.literal),
                NodeValue::HtmlInline(literal) => words.push_str(literal),
                NodeValue::SoftBreak | NodeValue::LineBreak => words.push('\n'),
                NodeValue::Image(link) if node.first_child().is_none() => words.push_str(&link.url),
                _ => {}
            },
            NodeEdge::End(node) => {
                if node.data().value.block() {
                    words.push('\n');
                }
            }
        }
    }
    words
}

/// The end tag of a node; empty if the node has no element.
type End = Cow<'static, str>;
const NO_ELEMENT: End = Cow::Borrowed("");

struct Writer<'a> {
    text: &'a str,
    mentions: &'a [(PersonId, String)],
    html: String,
    /// End tags of the open nodes, outermost first.
    ends: Vec<End>,
    /// How many of them are elements.
    depth: usize,
    in_link: bool,
    lines: Vec<&'a str>,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str, mentions: &'a [(PersonId, String)]) -> Writer<'a> {
        let html = String::with_capacity(text.len() * 2);
        Writer { text, mentions, html, ends: Vec::new(), depth: 0, in_link: false, lines: Vec::new() }
    }

    fn start(&mut self, node: Node<'_>) {
        let end = self.element(node);
        self.depth += usize::from(!end.is_empty());
        self.ends.push(end);
    }

    fn end(&mut self) {
        let end = self.ends.pop().unwrap_or_default();
        self.depth -= usize::from(!end.is_empty());
        self.in_link &= end != "</a>";
        self.html.push_str(&end);
    }

    /// Writes the start of a node, or all of it if it has no children.
    fn element(&mut self, node: Node<'_>) -> End {
        let room = self.depth < NESTING_MOST;
        match &node.data().value {
            NodeValue::Paragraph if self.is_in("</li>") && is_tight(node) => NO_ELEMENT,
            NodeValue::Paragraph => self.block("<p", "</p>"),
            NodeValue::BlockQuote if room => self.block("<blockquote", "</blockquote>"),
            NodeValue::List(list) if room => self.list(list),
            NodeValue::Item(_) if self.is_in("</ul>") || self.is_in("</ol>") => self.begin("<li>", "</li>"),
            NodeValue::Emph if room => self.begin("<em>", "</em>"),
            NodeValue::Strong if room => self.begin("<strong>", "</strong>"),
            NodeValue::Strikethrough if room => self.begin("<del>", "</del>"),
            NodeValue::Link(link) => self.link("[", &link.url, node),
            NodeValue::Image(link) => self.link("![", &link.url, node),
            NodeValue::Text(literal) => self.words(literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => self.begin("<br>", ""),
            NodeValue::HtmlInline(literal) => self.lines(literal),
            NodeValue::HtmlBlock(block) => {
                let end = self.block("<p", "</p>");
                self.lines(block.literal.trim_end());
                end
            }
            NodeValue::Heading(heading) => {
                let end = self.block("<p", "</p>");
                self.html.extend(std::iter::repeat_n('#', heading.level.into()));
                self.html.push(' ');
                end
            }
            NodeValue::ThematicBreak => {
                let end = self.block("<p", "</p>");
                self.as_written(node);
                end
            }
            NodeValue::Code(code) => {
                self.html.push_str("<code>");
                escape(&mut self.html, &code.literal);
                self.begin("</code>", "")
            }
            NodeValue::CodeBlock(block) => {
                self.block("<pre", "");
                self.html.push_str("<code>");
                escape(&mut self.html, &block.literal);
                self.begin("</code></pre>", "")
            }
            _ => NO_ELEMENT,
        }
    }

    fn is_in(&self, end: &str) -> bool {
        self.ends.last().is_some_and(|last| last == end)
    }

    fn begin(&mut self, start: &str, end: &'static str) -> End {
        self.html.push_str(start);
        Cow::Borrowed(end)
    }

    /// Begins a block. The outermost takes its text direction from its first letter; those inside inherit it.
    fn block(&mut self, start: &str, end: &'static str) -> End {
        self.html.push_str(start);
        let outermost = self.ends.len() == 1;
        self.begin(if outermost { " dir=\"auto\">" } else { ">" }, end)
    }

    fn list(&mut self, list: &NodeList) -> End {
        match list.list_type {
            ListType::Bullet => self.block("<ul", "</ul>"),
            ListType::Ordered if list.start == 1 => self.block("<ol", "</ol>"),
            ListType::Ordered => {
                let _ = write!(self.html, "<ol start=\"{}\"", list.start);
                self.block("", "</ol>")
            }
        }
    }

    /// A link, or its source text if it may not be followed.
    fn link(&mut self, mark: &str, url: &str, node: Node<'_>) -> End {
        let first = node.first_child();
        if self.in_link {
            return NO_ELEMENT;
        }
        if is_allowed(url) {
            self.in_link = true;
            self.html.push_str("<a href=\"");
            let _ = escape_href(&mut self.html, url, false);
            self.html.push_str("\">");
            if first.is_none() {
                escape(&mut self.html, url);
            }
            return Cow::Borrowed("</a>");
        }
        let shows_itself =
            first.is_some_and(|first| matches!(&first.data().value, NodeValue::Text(text) if text == url));
        if shows_itself {
            return NO_ELEMENT;
        }
        self.html.push_str(mark);
        let mut end = String::from("](");
        escape(&mut end, url);
        end.push(')');
        Cow::Owned(end)
    }

    /// Text with its mentions marked.
    fn words(&mut self, text: &str) -> End {
        let mut written = 0;
        if !self.in_link && !self.mentions.is_empty() {
            for (at, _) in text.match_indices('@') {
                let known =
                    self.mentions.iter().filter(|(_, name)| !name.is_empty() && named(text, at, name));
                let Some((person, name)) = known.max_by_key(|(_, name)| name.len()) else { continue };
                if at < written {
                    continue;
                }
                escape(&mut self.html, &text[written..at]);
                let _ = write!(self.html, "<span class=\"mention\" data-person=\"{person}\">");
                written = at + 1 + name.len();
                escape(&mut self.html, &text[at..written]);
                self.html.push_str("</span>");
            }
        }
        escape(&mut self.html, &text[written..]);
        NO_ELEMENT
    }

    /// Text of one or more lines.
    fn lines(&mut self, text: &str) -> End {
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                self.html.push_str("<br>");
            }
            escape(&mut self.html, line);
        }
        NO_ELEMENT
    }

    /// The source of a one-line block.
    fn as_written(&mut self, node: Node<'_>) {
        let place = node.data().sourcepos;
        if self.lines.is_empty() {
            self.lines = self.text.lines().collect();
        }
        let line = self.lines.get(place.start.line - 1).copied().unwrap_or_default();
        let line = line.get(place.start.column - 1..).unwrap_or(line);
        escape(&mut self.html, line.trim());
    }
}

/// Whether a paragraph is in a list without empty lines between its items.
fn is_tight(paragraph: Node<'_>) -> bool {
    let list = paragraph.parent().and_then(|item| item.parent());
    list.is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight))
}

fn is_allowed(url: &str) -> bool {
    let scheme =
        |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    ["http://", "https://", "mailto:", "tel:"].into_iter().any(scheme) && !url.contains(char::is_control)
}
