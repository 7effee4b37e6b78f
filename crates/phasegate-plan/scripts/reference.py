"""Makes the calendar's reference values from independent implementations.

    python3 -m venv venv && venv/bin/pip install numpy pandas python-dateutil croniter tzdata
    PYTHONTZPATH= venv/bin/python crates/phasegate-plan/scripts/reference.py

Writes tests/data/business_days.tsv (numpy's busday functions) and tests/data/calendar.tsv (pandas'
CustomBusinessHour, zoneinfo, python-dateutil's rrule, croniter). All draws are seeded.
"""

import datetime as dt
import importlib.metadata
import pathlib
import random
import zoneinfo

import croniter
import dateutil
import numpy as np
import pandas as pd
from dateutil import rrule
from pandas.tseries.offsets import CustomBusinessHour

HERE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data"
UTC = dt.timezone.utc
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SHORT = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MASKS = ["1111100", "1111110", "1111000", "0111110", "1111001", "1111111"]
rng = random.Random(20250916)


def some_date():
    return dt.date(2019, 1, 1) + dt.timedelta(days=rng.randrange(3650))


def some_holidays(around):
    return sorted({around + dt.timedelta(days=rng.randrange(-30, 60)) for _ in range(rng.randrange(8))})


def business_days():
    rows = [f"# numpy {np.__version__}: kind, week mask, holidays, date, count or date, roll, result"]
    for _ in range(1600):
        mask, date = rng.choice(MASKS), some_date()
        holidays, count = some_holidays(date), rng.randrange(-40, 41)
        roll = rng.choice(["forward", "backward"])
        got = np.busday_offset(date, count, roll=roll, weekmask=mask, holidays=holidays)
        rows.append("\t".join(["offset", mask, ",".join(map(str, holidays)), str(date), str(count), roll, str(got)]))
    for _ in range(800):
        mask, first = rng.choice(MASKS), some_date()
        end = first + dt.timedelta(days=rng.randrange(-90, 120))
        holidays = some_holidays(first)
        got = np.busday_count(first, end, weekmask=mask, holidays=holidays)
        rows.append("\t".join(["count", mask, ",".join(map(str, holidays)), str(first), str(end), "", str(got)]))
    for _ in range(200):
        mask, date = rng.choice(MASKS), some_date()
        holidays = some_holidays(date)
        got = np.is_busday(date, weekmask=mask, holidays=holidays)
        rows.append("\t".join(["is", mask, ",".join(map(str, holidays)), str(date), "", "", str(bool(got)).lower()]))
    (HERE / "business_days.tsv").write_text("\n".join(rows) + "\n")


def stamp(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def working_hours(rows):
    for _ in range(200):
        mask, date = rng.choice(MASKS), some_date()
        holidays = some_holidays(date)
        opens, closes = rng.choice([(9, 17), (8, 16), (10, 18), (7, 12)])
        start = dt.datetime.combine(date, dt.time(rng.randrange(24), rng.choice([0, 15, 30])))
        hours = rng.randrange(1, 60)
        week = " ".join(day for day, bit in zip(SHORT, mask) if bit == "1")
        offset = CustomBusinessHour(start=f"{opens:02}:00", end=f"{closes:02}:00", weekmask=week, holidays=holidays)
        got = pd.Timestamp(start) + hours * offset
        spec = f"{mask} {opens:02}:00-{closes:02}:00 {','.join(map(str, holidays))}".strip()
        rows.append("\t".join(["hours", spec, start.strftime("%Y-%m-%dT%H:%M:%SZ"), str(hours), got.strftime("%Y-%m-%dT%H:%M:%SZ")]))


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo",
         "America/Santiago", "Pacific/Apia", "Europe/London", "America/St_Johns", "Asia/Tokyo"]


def clock_changes(rows):
    for name in ZONES:
        zone = zoneinfo.ZoneInfo(name)
        changes = []
        at = dt.datetime(2018, 1, 1, tzinfo=UTC)
        while at.year < 2027 and len(changes) < 12:
            later = at + dt.timedelta(hours=1)
            if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
                changes.append(at)
            at = later
        for change in changes or [dt.datetime(2024, 5, 5, tzinfo=UTC)]:
            for minutes in (-90, -30, 0, 30, 90):
                local = (change.astimezone(zone).replace(tzinfo=None) + dt.timedelta(minutes=minutes))
                # fold=0: the first of two, and for a skipped time the offset before the change.
                got = local.replace(tzinfo=zone, fold=0)
                rows.append("\t".join(["zone", name, local.strftime("%Y-%m-%d %H:%M"), "", stamp(got)]))
    for _ in range(120):
        name = rng.choice(ZONES)
        zone = zoneinfo.ZoneInfo(name)
        local = dt.datetime.combine(some_date(), dt.time(rng.randrange(24), rng.randrange(60)))
        rows.append("\t".join(["zone", name, local.strftime("%Y-%m-%d %H:%M"), "", stamp(local.replace(tzinfo=zone))]))


def recurrences(rows):
    rules = ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
             "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=3",
             "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=1,15",
             "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "FREQ=YEARLY",
             "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=10", "FREQ=YEARLY;BYDAY=1MO", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
             "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=DAILY;BYMONTH=12;BYDAY=MO", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SA,3SA"]
    for rule in rules:
        for _ in range(6):
            start = some_date()
            count = rng.randrange(3, 9)
            text = rng.choice([f"{rule};COUNT={count}", f"{rule};UNTIL={(start + dt.timedelta(days=900)).strftime('%Y%m%d')}"])
            dates = rrule.rrulestr(text, dtstart=dt.datetime.combine(start, dt.time()))
            got = [moment.date() for moment, _ in zip(dates, range(8))]
            rows.append("\t".join(["rule", text, str(start), "", ",".join(map(str, got))]))


def crons(rows):
    texts = ["0 */4 * * *", "0 0 * * *", "0 2 * * 0", "*/15 9-17 * * mon-fri", "30 6 1,15 * *", "0 12 31 * *", "5 4 * * sun",
             "0 22 * * 1-5", "23 0-20/2 * * *", "0 0 29 2 *", "0 9 1-7 * 1", "15 10 * jan,jul *", "59 23 31 12 *", "0 0 1 */3 *"]
    for text in texts:
        for _ in range(8):
            start = dt.datetime.combine(some_date(), dt.time(rng.randrange(24), rng.randrange(60)))
            found = croniter.croniter(text, start)
            got = [found.get_next(dt.datetime).strftime("%Y-%m-%dT%H:%M:%SZ") for _ in range(3)]
            rows.append("\t".join(["cron", text, start.strftime("%Y-%m-%dT%H:%M:%SZ"), "", ",".join(got)]))


def main():
    business_days()
    rows = [f"# pandas {pd.__version__}, python-dateutil {dateutil.__version__}, croniter {importlib.metadata.version('croniter')}, zoneinfo with tzdata: kind, what, from, count, result"]
    working_hours(rows)
    clock_changes(rows)
    recurrences(rows)
    crons(rows)
    (HERE / "calendar.tsv").write_text("\n".join(rows) + "\n")


main()
