//! Which file of a crate imports which, read from `use` items and from paths in code. Code under `#[cfg(test)]` is left
//! out, and so are `mod` declarations: a parent may list its children.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, UseTree};

/// A module's path without the crate's name: `["notify", "due"]`; empty for the root.
pub(crate) type Module = Vec<String>;

/// The files of one crate and what each imports.
#[derive(Default)]
pub(crate) struct Graph {
    sources: BTreeMap<Module, Source>,
    /// For every file the files that it imports, with the names taken.
    pub(crate) imports: BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>>,
}

#[derive(Default)]
struct Source {
    /// What each name means that a `use` brings into the file.
    aliases: BTreeMap<String, Vec<String>>,
    chains: Vec<Vec<String>>,
}

impl Graph {
    /// Reads the crate whose root is `src/lib.rs` or `src/main.rs`.
    pub(crate) fn read(src: &Path) -> Graph {
        let mut graph = Graph::default();
        for root in ["lib.rs", "main.rs"] {
            if let Ok(text) = fs::read_to_string(src.join(root)) {
                graph.add(src, &Vec::new(), &text, true);
            }
        }
        graph.resolve();
        graph
    }

    /// A crate from texts, for the tests of this check.
    pub(crate) fn of(files: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (path, text) in files {
            let module = path.split("::").filter(|part| !part.is_empty()).map(String::from).collect();
            graph.add(Path::new(""), &module, text, false);
        }
        graph.resolve();
        graph
    }

    fn add(&mut self, src: &Path, module: &Module, text: &str, follow: bool) {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{module:?}: {error}"));
        let mut source = Source::default();
        let mut children = Vec::new();
        source.read(&file.items, &mut children);
        self.sources.entry(module.clone()).or_default().extend(source);
        for child in children.into_iter().filter(|_| follow) {
            let path: Module = module.iter().cloned().chain([child]).collect();
            let name = format!("{}.rs", path.join("/"));
            let text = fs::read_to_string(src.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            self.add(src, &path, &text, follow);
        }
    }

    fn resolve(&mut self) {
        for (module, source) in &self.sources {
            let mut found: BTreeMap<Module, BTreeSet<String>> = BTreeMap::new();
            for path in source.aliases.values().chain(&source.chains) {
                let Some((target, name)) = self.target(module, path, 0) else { continue };
                if &target != module && !name.is_empty() {
                    found.entry(target).or_default().insert(name);
                }
            }
            self.imports.insert(module.clone(), found);
        }
    }

    /// The file in which what a path names is defined, and its name there; empty for the module itself.
    fn target(&self, module: &Module, path: &[String], depth: usize) -> Option<(Module, String)> {
        let (first, rest) = path.split_first()?;
        let absolute: Vec<String> = match first.as_str() {
            "crate" => rest.to_vec(),
            "self" => module.iter().chain(rest).cloned().collect(),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let parent = module.len().checked_sub(ups)?;
                module[..parent].iter().chain(&path[ups..]).cloned().collect()
            }
            _ if self.sources.contains_key(&[module.as_slice(), std::slice::from_ref(first)].concat()) => {
                module.iter().chain(path).cloned().collect()
            }
            // An alias, but not one of itself such as `use serde::Serialize;`.
            name => {
                let alias = self.sources.get(module)?.aliases.get(name)?;
                if depth > 8 || alias.first() == Some(first) {
                    return None;
                }
                return self.target(module, &[alias.as_slice(), rest].concat(), depth + 1);
            }
        };
        let length = (0..=absolute.len()).rev().find(|at| self.sources.contains_key(&absolute[..*at]))?;
        let (target, names) = (absolute[..length].to_vec(), &absolute[length..]);
        // What a module hands on is imported from where it is defined.
        if let Some(name) = names.first()
            && let Some(alias) = self.sources[&target].aliases.get(name)
            && depth < 8
            && let Some(found) = self.target(&target, &[alias.as_slice(), &names[1..]].concat(), depth + 1)
        {
            return Some(found);
        }
        Some((target, names.first().cloned().unwrap_or_default()))
    }

    /// Groups of files that import each other in a circle.
    pub(crate) fn circles(&self) -> Vec<Vec<Module>> {
        let reach: BTreeMap<&Module, BTreeSet<&Module>> =
            self.imports.keys().map(|from| (from, self.reached(from))).collect();
        let mut seen: BTreeSet<&Module> = BTreeSet::new();
        let mut circles = Vec::new();
        for (from, reached) in &reach {
            if reached.contains(from) && !seen.contains(from) {
                let circle: Vec<Module> =
                    reached.iter().filter(|to| reach[**to].contains(from)).map(|to| (*to).clone()).collect();
                seen.extend(reached.iter().filter(|to| reach[**to].contains(from)));
                circles.push(circle);
            }
        }
        circles
    }

    fn reached<'a>(&'a self, from: &Module) -> BTreeSet<&'a Module> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&Module> = self.imports[from].keys().collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(self.imports[next].keys());
            }
        }
        reached
    }
}

impl Source {
    fn extend(&mut self, other: Source) {
        self.aliases.extend(other.aliases);
        self.chains.extend(other.chains);
    }

    fn read(&mut self, items: &[Item], children: &mut Vec<String>) {
        for item in items {
            match item {
                Item::Mod(module) if is_test(&module.attrs) => {}
                Item::Mod(module) => match &module.content {
                    None => children.push(module.ident.to_string()),
                    Some((_, items)) => self.read(items, children),
                },
                Item::Use(item) if !is_test(&item.attrs) => self.import(&item.tree, &[]),
                Item::Fn(function) if is_test(&function.attrs) => {}
                item => self.scan(item.to_token_stream()),
            }
        }
    }

    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(path.ident.to_string())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
            UseTree::Glob(_) => self.chains.push(with("*".to_string())),
            UseTree::Name(name) if name.ident == "self" => {
                self.aliases.insert(before.last().cloned().unwrap_or_default(), before.to_vec());
            }
            UseTree::Name(name) => {
                self.aliases.insert(name.ident.to_string(), with(name.ident.to_string()));
            }
            UseTree::Rename(name) => {
                self.aliases.insert(name.rename.to_string(), with(name.ident.to_string()));
            }
        }
    }

    /// Every path of two names or more, in macros too.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut chain: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in &tokens {
            match token {
                TokenTree::Ident(name) if colons == 2 && !chain.is_empty() => chain.push(name.to_string()),
                TokenTree::Ident(name) => {
                    self.end(&mut chain);
                    chain.push(name.to_string());
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.end(&mut chain);
                    self.scan(group.stream());
                }
                _ => self.end(&mut chain),
            }
            colons = 0;
        }
        self.end(&mut chain);
    }

    fn end(&mut self, chain: &mut Vec<String>) {
        if chain.len() > 1 {
            self.chains.push(std::mem::take(chain));
        }
        chain.clear();
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.to_token_stream().to_string() == "cfg (test)"
    })
}
