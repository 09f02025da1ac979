"""Scores FOLDER/diabetes.parquet into FOLDER/spark by a pandas UDF on two local cores, as mlflow.pyfunc.spark_udf does it, with scikit-learn's
ridge regression. Needs pyspark and Java.

    spark_udf.py FOLDER
"""

import json
import os
import sys

import pandas
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf, struct
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

folder = sys.argv[1]
os.environ["PYSPARK_PYTHON"] = sys.executable  # of the workers
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
x, y = load_diabetes(return_X_y=True, as_frame=True)
model = spark.sparkContext.broadcast(Ridge().fit(x, y))


@pandas_udf("double")
def predict(frame: pandas.DataFrame) -> pandas.Series:
    return pandas.Series(model.value.predict(frame))


table = spark.read.parquet(f"{folder}/diabetes.parquet")
table.withColumn("prediction", predict(struct(*x.columns))).write.mode("overwrite").parquet(f"{folder}/spark")
print(json.dumps({"rows": spark.read.parquet(f"{folder}/spark").count()}))
