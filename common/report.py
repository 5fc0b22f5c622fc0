def write(experiment, tables, figures, cells, folder):
    pass
