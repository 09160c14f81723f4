# Of arrays of repeated measurements: `include "statistics";`.

def mean: add / length;

# 95 % of samples of a mean are within so many standard errors, by the number
# of samples less 1 (Student's t): a table, then a series that is 0.2 % off at
# most.
def student_t:
  [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26][. - 1]
  // 1.96 + 2.37 / . + 2.8 / (. * .);

# Half the width of the 95 % confidence interval of the mean.
def uncertainty:
  length as $n | mean as $mean | (map((. - $mean) * (. - $mean)) | add) as $sum
  | ($n - 1 | student_t) * ($sum / ($n - 1) / $n | sqrt);
