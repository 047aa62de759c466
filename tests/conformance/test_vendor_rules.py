"""The vendor's rules that a stand-in has to keep, each with its source, and the tests that show that the mock keeps it.

Sources: "reference" is the PI Web API reference (help pages of the controllers, and its topics), "guide" the PI Web API
user guide, "swagger" the interface descriptions of PI Web API 2017 and 2018 SP1, "AF" the documentation of the AF SDK,
"traffic" what was recorded from real servers, "HTTP.sys" Windows' own documentation, "guess" what is only likely: each
guess is a switch of the mock, and the reader is tested in both ways (`tests/readers/test_open_questions.py`).
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent

#: Number → rule, source, and the tests that state it in full: file (without `test_`) and test (without `test_`).
RULES: dict[int, tuple[str, str, dict[str, str]]] = {
    1: ("lists are Links and Items; ?name= and ?path= give a bare object", "swagger, traffic", {
        "dataservers": "list by_name_or_path_is_a_bare_object", "af_servers": "by_name_or_path_is_a_bare_object"}),
    2: ("routes, parameters, enumerations in any case; trailing slash; unknown parameters ignored", "traffic, guess", {
        "envelope": "case_and_trailing_slash_make_no_difference parameter_names_and_enumerations_in_any_case "
                    "unknown_parameter_is_ignored_by_switch unknown_parameter_is_refused"}),
    3: ("Content-Type with charset; Server: Microsoft-HTTPAPI/2.0", "traffic", {"envelope": "headers"}),
    4: ("selectedFields: dotted, by semicolons, in any case, unknown ignored; {} when nothing is left", "reference", {
        "envelope": "selected_fields selecting_a_parent_keeps_its_subtree empty_list_vanishes_under_selected_fields "
                    "empty_list_stays_by_switch"}),
    5: ("webIdType wherever WebIDs are; F, I, P, L and D as input; names in any case", "reference", {
        "webids": "every_type_is_given_and_taken full_is_the_default", "af_webids":
        "every_type_of_every_object_is_given_and_taken", "streamsets": "web_id_type_is_echoed"}),
    6: ("Links.Next on full pages, with &amp; from some servers; nothing beyond the end", "swagger, traffic", {
        "dataservers": "pages escaped_links"}),
    7: ("maxCount is 1000 by default; over the limit a 400 with the number", "swagger, guide", {
        "recorded": "default_max_count_is_1000 max_count_over_the_limit the_limit_can_be_five",
        "dataservers": "max_count_over_the_limit"}),
    8: ("points/search since 2021 SP3, 1000 at most", "reference", {
        "points": "search search_has_a_hard_cap search_refuses_nonsense"}),
    9: ("what came with 2018", "reference, swagger", {
        "envelope": "version_2017_has_no_annotated", "af_elements": "before_2018",
        "timeseries_streamsets": "joined_is_new_in_2018"}),
    10: ("both ends inclusive; an instant keeps its order; the first N; reversed when start is after end; empty is 200",
         "reference, traffic", {
        "recorded": "both_ends_are_inclusive events_at_one_instant_keep_archive_order max_count_counts_from_start "
                    "start_after_end_turns_the_order empty_range_is_200 the_cut_is_silent"}),
    11: ("UTC with Z; fractions of 1 to 7 digits without zeros at their end, none for whole seconds", "traffic", {
        "expected": "wire_equals_expected"}),
    12: ("AF time texts in the server's zone or timeZone; days follow the wall clock", "reference, AF", {
        "pitime": "times zones time_zone_parameter", "summary": "days_follow_the_wall_clock",
        "timeseries_streams": "interpolated_days_follow_the_wall_clock"}),
    13: ("boundary types; interpolation, and none over a bad value", "reference, AF", {
        "recorded": "outside_boundary interpolated_boundary",
        "streams": "value_at_a_time interpolated_gives_both_ends"}),
    14: ("numbers as short as they can be; states as objects; blobs as lists; times as texts", "traffic", {
        "recorded": "numbers_on_the_wire", "expected": "wire_equals_expected"}),
    15: ("system states in any stream, not good, without unit", "reference, AF, traffic", {
        "expected": "system_states_in_the_dense_shape", "recorded": "bad_rows_count"}),
    16: ("events come late, are replaced and deleted; the snapshot is part of recorded", "AF", {
        "history": "edits one_of_several_at_an_instant", "streams": "value_is_the_snapshot"}),
    17: ("future points; points that are deleted or made anew", "AF", {
        "recorded": "future_points nothing_after_now", "history": "points_come_and_go",
        "streams": "future_points_value_and_end"}),
    18: ("event frames: open ones, one name twice, search modes, walks without end", "reference, swagger", {
        "eventframes_objects": "an_open_frame the_same_name_twice", "eventframes_edits": "a_frames_life",
        "eventframes_search": "search_modes walks_take_no_end_and_no_order"}),
    19: ("summaries: errors inside for what is no number; N intervals; times of Auto", "reference", {
        "summary": "non_numeric_streams intervals timestamps", "streams": "interpolated_gives_both_ends"}),
    20: ("stream sets: maxCount for each stream, order as asked, a bad WebID fails the call", "reference, guess", {
        "streamsets": "max_count_is_per_stream max_count_in_total_by_switch sorting missing_stream "
                      "malformed_web_id_fails_the_call duplicates"}),
    21: ("batch: 207; 409 for a parent that failed; 400 for a path without tokens; templates; X-Requested-With; 4 MiB",
         "swagger, traffic, guide", {
        "batch": "outer_status_is_207_whatever_happens_inside failed_parent no_tokens template",
        "limits": "csrf large_body"}),
    22: ("429, 5xx, pages of HTML, WebException in a 200, cut bodies", "guide, reference, traffic", {
        "limits": "rate_limit rate_limit_with_retry_after", "faults":
        "status broken_connections truncated_json slow web_exception login_page row_errors"}),
    23: ("401 with all ways in; Bearer expires; anonymous beats credentials; a batch inherits the login", "guide", {
        "auth": "anonymous_ignores_credentials basic basic_refused bearer batch_inherits"}),
    24: ("a URL over 16 kB and a segment over 260 characters: HTML", "HTTP.sys", {
        "limits": "long_url large_headers long_segment full_web_id_of_a_very_long_name"}),
}  # fmt: skip

#: Rules that the mock does not imitate, because the reader never comes near.
NOT_IMITATED = {
    25: "stream updates: markers, unknown caches, unregistering",
    26: "writing: Location, 201, 202, 204; the mock refuses every write (test_batch.py), and the reader sends none",
}


@pytest.mark.parametrize("number", RULES)
def test_every_rule_is_kept_and_tested(number: int) -> None:
    """The tests named are there, and each says what it is about."""
    rule, source, tests = RULES[number]
    assert rule
    assert source
    for file, names in tests.items():
        tree = ast.parse((HERE / f"test_{file}.py").read_text(encoding="utf-8"))
        found = {
            node.name: ast.get_docstring(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        }
        for name in names.split():
            assert found.get(f"test_{name}"), f"rule {number}: test_{name} of test_{file}.py"


def test_the_list_is_whole() -> None:
    """Twenty-six rules: kept, or said not to be imitated."""
    assert sorted({*RULES, *NOT_IMITATED}) == list(range(1, 27))
