"""Writes the rents that configs/table_rent.yaml learns: flats-train.csv and flats-test.csv, made up.

    python3 configs/data/table/make_flats.py

A flat's rent is (area · price of its district + 60 · balcony + 4 · (year − 1970)) · (1.1 if it is furnished),
with an error of 50 (standard deviation). No model can do better on the test data than that error.
"""

import csv
import pathlib
import random

DISTRICTS = {"centre": 16.0, "harbour": 14.5, "hill": 13.0, "garden": 12.0, "mill": 10.5, "station": 9.0}
ERROR = 50


def flats(count, seed):
    draw = random.Random(seed)
    for _ in range(count):
        district = draw.choice(list(DISTRICTS))
        area = round(draw.uniform(25, 140), 1)
        year = draw.randint(1900, 2023)
        balcony, furnished = draw.random() < 0.5, draw.random() < 0.3
        rent = (area * DISTRICTS[district] + 60 * balcony + 4 * (year - 1970)) * (1.1 if furnished else 1)
        # Not every year is known.
        shown = "" if draw.random() < 0.02 else year
        yield [area, district, shown, str(balcony).lower(), str(furnished).lower(),
               round(rent + draw.gauss(0, ERROR), 2)]


def write(path, count, seed):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["area", "district", "year", "balcony", "furnished", "rent"])
        writer.writerows(flats(count, seed))


if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent
    write(folder / "flats-train.csv", 4000, seed=1)
    write(folder / "flats-test.csv", 1000, seed=2)
