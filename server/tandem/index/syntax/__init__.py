"""What defines a name in each language: one table of node types a language, and one walk.

The tables name node types and fields of the official grammars; the walk knows no language.
Deliberately no queries: a query visits every node, the walk only those that can hold a definition.
"""
