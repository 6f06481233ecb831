"""Private columns of users are left out everywhere, and a warning names them but no value."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from towhee_recsys.datasets import Dataset, Schema, validate
from towhee_recsys.datasets.readers.private import called_like_a_secret
from towhee_recsys.errors import DataError
from towhee_recsys.types import Role

N = 40
ITEMS = pd.DataFrame({"item_id": [1, 2, 3]})
PLAYS = pd.DataFrame({"user_id": np.repeat(range(N), 3), "item_id": [1, 2, 3] * N})
CANARY = "hunter2-canary"
USERS = pd.DataFrame(
    {
        "user_id": range(N),
        "country": ["NL", "DE", "FR", "BE"] * (N // 4),
        "age": [20 + n % 30 for n in range(N)],
        "Password": [f"{CANARY}{n % 2}" for n in range(N)],
        "home_phone": range(600_000, 600_000 + N),
        "motto": [f"{CANARY} {n}" for n in range(N)],
        "income": [1_000.5 + n for n in range(N)],
        "email_verified": [n % 3 == 0 for n in range(N)],
    }
)


@pytest.fixture(autouse=True)
def _expected_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def left_out(dataset: Dataset) -> list[str | None]:
    return [one.column for one in dataset.warnings if one.file == "users"]


def test_unnamed_secrets_and_unique_columns_are_left_out() -> None:
    dataset = Dataset.from_frames(PLAYS, ITEMS, USERS)
    assert list(dataset.schema.users) == ["country", "age", "email_verified"]
    assert list(dataset.users.columns) == ["user_id", *dataset.schema.users]
    assert left_out(dataset) == ["Password", "home_phone", "motto", "income"]
    said = "\n".join(map(str, dataset.warnings))
    assert CANARY not in said
    assert "column 'Password': is called like a secret or a contact ('password')" in said
    assert "has 40 different values among 40 and is left out, as private" in said
    assert "user_columns={'income': 'number', …}" in said


def test_python_warns_of_what_is_left_out() -> None:
    with pytest.warns(UserWarning, match="'motto'") as caught:
        Dataset.from_frames(PLAYS, ITEMS, USERS)
    ours = [one for one in caught if "left out" in str(one.message)]
    assert len(ours) == 4
    assert {one.filename for one in ours} == {__file__}


def test_named_columns_are_used_and_no_others() -> None:
    dataset = Dataset.from_frames(PLAYS, ITEMS, USERS, user_columns=["Password", "income"])
    roles = {name: column.role for name, column in dataset.schema.users.items()}
    assert roles == {"Password": "categorical", "income": "number"}
    assert left_out(dataset) == []
    named = Dataset.from_frames(
        PLAYS, ITEMS, USERS, user_columns={"motto": "display", "age": "categorical"}
    )
    assert named.user_records()[0] == {"user_id": 0, "motto": f"{CANARY} 0", "age": 20}
    assert Dataset.from_frames(PLAYS, ITEMS, USERS, user_columns=[]).schema.users == {}


@pytest.mark.parametrize("role", ["categorical", "multi_categorical", "text"])
def test_nothing_unique_becomes_a_vocabulary_even_if_it_is_named(role: Any) -> None:
    for named in (
        {"schema": Schema.model_validate({"users": {"motto": role, "age": "number"}})},
        {"user_columns": {"motto": role, "age": "number"}},
    ):
        dataset = Dataset.from_frames(PLAYS, ITEMS, USERS, **named)
        assert list(dataset.schema.users) == ["age"]
        assert "motto" not in dataset.users
        assert [str(one) for one in dataset.warnings if one.column == "motto"] == [
            "users, column 'motto': has 40 different values among 40 and is left out, as private. "
            f"The model would learn each value by heart, so it may not be {role}. "
            "Give it the role display to keep it in the records alone."
        ]


def test_described_tables_obey_the_same_rule(tmp_path: Path) -> None:
    PLAYS.to_csv(tmp_path / "plays.csv", index=False)
    ITEMS.to_csv(tmp_path / "items.csv", index=False)
    USERS.assign(user_id=range(N)).to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "dataset.yaml").write_text(
        "interactions: {path: plays.csv}\nitems: {path: items.csv}\n"
        "users: {path: people.csv, columns: {motto: text, Password: display, country: categorical}}"
    )
    report = validate(tmp_path / "dataset.yaml")
    assert report.ok
    assert report.user_columns == {"Password": "display", "country": "categorical"}
    assert [(w.file, w.column) for w in report.warnings if w.column] == [("people.csv", "motto")]
    assert CANARY not in str(report)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([["x", "y"], ["x"], ["y"]] * 10, True),  # labels that users share
        ([[f"a{n}", f"b{n}"] for n in range(30)], False),  # labels of one user each
        ([f"{n % 26}" for n in range(30)], True),  # 26 of 30: below the threshold
        ([f"{n % 27}" for n in range(30)], False),
        ([None] * 10 + [f"{n}" for n in range(20)], False),  # empty values do not count
        ([None] * 11 + [f"{n}" for n in range(19)], True),  # too few to tell
        ([""] * 10 + [f"{n}" for n in range(20)], False),
    ],
)
def test_how_many_values_are_each_users_own(values: list[object], kept: bool) -> None:
    users = pd.DataFrame({"user_id": range(30), "tags": values})
    plays = pd.DataFrame({"user_id": range(30), "item_id": [1, 2, 3] * 10})
    role: Role = "multi_categorical" if isinstance(values[0], list) else "categorical"
    dataset = Dataset.from_frames(plays, ITEMS, users, user_columns={"tags": role})
    assert list(dataset.schema.users) == ["tags"] * kept


def test_small_tables() -> None:
    """Words of their own are private in a table of any size. Numbers differ by chance in a small
    one, and named columns may be learnt."""
    users = pd.DataFrame(
        {"user_id": [1, 2, 3], "motto": ["a", "b", "c"], "age": [30, 40, 50], "sex": list("ffm")}
    )
    plays = pd.DataFrame({"user_id": [1, 2, 3], "item_id": [1, 2, 3]})
    dataset = Dataset.from_frames(plays, ITEMS, users)
    assert list(dataset.schema.users) == ["age", "sex"]
    few = users.assign(motto=["a", "", None])
    assert list(Dataset.from_frames(plays, ITEMS, few).schema.users) == ["age", "sex"]
    named = Dataset.from_frames(plays, ITEMS, users, user_columns={"motto": "categorical"})
    assert list(named.schema.users) == ["motto"]


@pytest.mark.parametrize(
    ("named", "says"),
    [
        (["contry"], "column 'contry': there is no such column. Did you mean 'country'?"),
        ({"age": "numbr"}, "column 'age': role is 'numbr'"),
        (["score"], "an answer uses this name itself"),
    ],
)
def test_wrong_names_are_said(named: Any, says: str) -> None:
    with pytest.raises(DataError) as caught:
        Dataset.from_frames(PLAYS, ITEMS, USERS, user_columns=named)
    assert says in str(caught.value)


def test_columns_are_named_in_one_place_and_need_a_table() -> None:
    schema = Schema.model_validate({"users": {"age": "number"}})
    with pytest.raises(DataError, match="both the schema and `user_columns`"):
        Dataset.from_frames(PLAYS, ITEMS, USERS, schema=schema, user_columns=["age"])
    with pytest.raises(DataError, match="there is no such frame"):
        Dataset.from_frames(PLAYS, ITEMS, user_columns=["age"])
    items = Schema.model_validate({"items": {}})
    dataset = Dataset.from_frames(PLAYS, ITEMS, USERS, schema=items, user_columns="age")
    assert list(dataset.schema.users) == ["age"]


PRIVATE = """
password userPassword pwd2 e-mail eMail e_mail_1 EMAIL phoneNumber tel ssn api_key AccessToken
address ip IPAddress client_ip name firstName lastname birth_date dateOfBirth IBAN card
creditCardNumber Passwort Geburtsdatum Straße Telefon Vorname prénom mot_de_passe contraseña
dirección téléphone nome senha wachtwoord пароль 姓名 パスワード 비밀번호
userpass pwdhash mdp givenname familyname displayname loginname realname screenname usermail
mailaddr contact emergency_contact bank account_no accountid licence yob gps fname lname
session sessionId user_mobile mobile_no card_number cookie
"""
HARMLESS = """
country age gender occupation zip_code shipping tip recipe hotel cardinality segment signup_year
tenure plan language device spin discarded
movie_session card_type mobile_user smartphone headphones mobile_app cookie_settings postcode lat
"""
SECRETS_OF_ITEMS = """
owner_email seller_phone owner_password sellerBirthday mail api_token bank_account iban usermail
"""
HARMLESS_OF_ITEMS = """
name title author_name address street card_type mobile cookie alias session licence headphones
microphone_type pin contact ip_rating login_required
"""


@pytest.mark.parametrize("name", PRIVATE.split())
def test_secrets_and_contacts_are_known_by_their_names(name: str) -> None:
    assert called_like_a_secret(name)


@pytest.mark.parametrize("name", HARMLESS.split())
def test_other_names_are_no_secrets(name: str) -> None:
    assert called_like_a_secret(name) is None


@pytest.mark.parametrize("name", SECRETS_OF_ITEMS.split())
def test_items_have_secrets_of_people(name: str) -> None:
    assert called_like_a_secret(name, of_users=False)


@pytest.mark.parametrize("name", HARMLESS_OF_ITEMS.split())
def test_items_have_names_and_addresses(name: str) -> None:
    assert called_like_a_secret(name, of_users=False) is None


def test_unnamed_secrets_of_items_are_left_out() -> None:
    items = pd.DataFrame(
        {
            "item_id": [1, 2, 3],
            "name": ["x", "y", "z"],
            "owner_email": [f"{CANARY}@{n}" for n in range(3)],
            "seller_phone": [f"{CANARY}{n}" for n in range(3)],
            "email_shown": [True, False, True],
        }
    )
    with pytest.warns(UserWarning, match="'owner_email'"):
        dataset = Dataset.from_frames(PLAYS, items)
    assert list(dataset.schema.items) == ["name", "email_shown"]
    assert list(dataset.items.columns) == ["item_id", "name", "email_shown"]
    assert [str(one) for one in dataset.warnings if one.column == "owner_email"] == [
        "items, column 'owner_email': is called like a secret or a contact ('email') and is left "
        "out. If it is wanted, name the columns to use: "
        "schema=Schema(items={'owner_email': Column(role='display'), …})."
    ]
    assert CANARY not in "".join(map(str, dataset.warnings))
    named = Schema.model_validate({"items": {"owner_email": "display"}})
    kept = Dataset.from_frames(PLAYS, items, schema=named)
    assert kept.item_records()[0] == {"item_id": 1, "owner_email": f"{CANARY}@0"}


def test_a_warning_names_the_file_of_the_column(tmp_path: Path) -> None:
    PLAYS.to_csv(tmp_path / "plays.csv", index=False)
    USERS.to_csv(tmp_path / "people.csv", index=False)
    USERS.to_csv(tmp_path / "more.csv", index=False)
    for users in (
        "{also: [{path: more.csv, columns: {motto: text}}]}",
        "{path: people.csv, columns: {age: number}, "
        "also: [{path: more.csv, columns: {motto: text}}]}",
    ):
        text = f"interactions: {{path: plays.csv}}\nusers: {users}\n"
        (tmp_path / "dataset.yaml").write_text(text)
        report = validate(tmp_path / "dataset.yaml")
        assert [one.file for one in report.warnings if one.column == "motto"] == ["more.csv"]


def test_a_notebook_shows_no_row_of_users() -> None:
    dataset = Dataset.from_frames(PLAYS, ITEMS, USERS, user_columns={"motto": "display"})
    shown = dataset._repr_html_()
    assert "motto (display)" in shown
    assert CANARY not in shown
