from i01 import main
wrong_label = main
