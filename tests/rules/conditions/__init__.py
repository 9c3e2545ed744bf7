"""Each condition of a trigger: a table of facts and grades, with the source of its bounds."""
