"""Files as people have them, from upload to the rows on Audit."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import settle, violations
from tests.browser.test_live import upload
from tests.workbooks import write_xlsx


def keep_and_show(page: Page, rows: int) -> None:
    page.get_by_role("button", name=f"Score {rows} rows").click(timeout=60_000)
    expect(page.get_by_text(f"{rows} rows scored by")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Keep in the store").click()
    page.get_by_role("link", name="Show these rows on Audit").click(timeout=30_000)
    expect(page.get_by_text(f"{rows} tweets of the whole store, with")).to_be_visible(timeout=60_000)


def test_a_second_file_is_read_by_its_own_columns(page: Page, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.jsonl"
    first.write_text("id,remark,posted\n1,I love this song,2015-02-24\n2,so sad today,2015-02-25\n")
    second.write_text("".join(json.dumps({"source": "the web", "full_text": f"I hate {n}"}) + "\n" for n in "abc"))
    upload(page, first)
    page.get_by_role("button", name="Score 2 rows").click(timeout=60_000)
    expect(page.get_by_text("2 rows scored by")).to_be_visible(timeout=60_000)
    upload(page, second)
    expect(page.get_by_role("combobox", name="Column with the texts")).to_have_value("full_text", timeout=60_000)
    expect(page.get_by_text("2 rows scored by")).to_have_count(0)
    page.get_by_role("button", name="Score 3 rows").click(timeout=60_000)
    expect(page.get_by_text("3 rows scored by")).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Plain CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    assert [row["full_text"] for row in rows] == ["I hate a", "I hate b", "I hate c"]


def test_an_archive_of_x_goes_from_upload_to_its_rows_on_audit(page: Page, tmp_path: Path) -> None:
    tweets = [
        {
            "tweet": {
                "id_str": f"12345678901234567{number}",
                "full_text": text,
                "created_at": "Tue Feb 24 11:35:52 +0000 2015",
                "lang": "en",
            }
        }
        for number, text in enumerate(["Thank you so much, I love it", "What a sad and lonely day"])
    ]
    with zipfile.ZipFile(tmp_path / "twitter-2015.zip", "w") as archive:
        archive.writestr("data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(tweets)}")
        archive.writestr("data/like.js", "window.YTD.like.part0 = []")
    upload(page, tmp_path / "twitter-2015.zip")
    expect(page.get_by_text("Read: data/tweets.js in a ZIP archive.")).to_be_visible(timeout=60_000)
    keep_and_show(page, 2)
    assert "period=everything" in page.url
    page.get_by_role("button", name="file or audit: twitter-2015.zip").click()
    expect(page.get_by_text(re.compile(r"^\d{3} tweets of the whole store, with"))).to_be_visible(timeout=60_000)
    assert "batch=" not in page.url


def test_a_workbook_goes_from_upload_to_its_rows_on_audit(page: Page, tmp_path: Path) -> None:
    write_xlsx(
        tmp_path / "tweets.xlsx",
        [["id", "text"], ["1234567890123456789", "I love it"], ["1234567890123456780", "so sad"]],
        June=[["id", "body"], ["1", "I am so angry"], ["2", "so happy"], ["3", "thank you"]],
    )
    upload(page, tmp_path / "tweets.xlsx")
    expect(page.get_by_role("button", name="Score 2 rows")).to_be_visible(timeout=60_000)
    page.get_by_role("combobox", name=re.compile("Sheet")).click()
    page.get_by_role("option", name="June").click()
    keep_and_show(page, 3)


def test_a_question_is_asked_without_a_flaw_and_on_a_phone(themed_page: Page, tmp_path: Path) -> None:
    page = themed_page
    (tmp_path / "open.csv").write_text(
        "id,headline,summary,created_at\n"
        + "".join(
            f"{n},I love this so much today {n},The people were very happy about it {n},0{n}/04/2015 10:00\n"
            for n in range(1, 9)
        )
        + "9,Iâ€™m so sad today,Nobody at the office could believe what they had read,09/05/2015 10:00\n",
        encoding="utf-8",
    )
    upload(page, tmp_path / "open.csv")
    expect(page.get_by_text("Several columns may hold the texts")).to_be_visible(timeout=60_000)
    assert violations(page) == []
    page.get_by_role("radio", name=re.compile("headline")).check(force=True)
    expect(page.get_by_text("The day comes first")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Mend texts that were decoded by the wrong codec")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("^Score ")).count() == 0
    page.get_by_role("radio", name=re.compile("The day comes first")).check(force=True)
    expect(page.get_by_role("button", name="Score 9 rows")).to_be_visible(timeout=60_000)
    assert violations(page) == []
    page.set_viewport_size({"width": 400, "height": 800})
    settle(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
