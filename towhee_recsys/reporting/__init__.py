"""Write a report about a trained model: a page, and the same charts as PNG files.

- `report`: `write_report`; the page is one HTML file, from `templates`
- `findings`: the metrics of an evaluation that the page shows and the bundle keeps
- `curves`: metrics over the epochs of training; `chart` lays them out as SVG
- `item_map`: the items in two dimensions
- `plots`: the PNG files
- `palette`: the colours
"""
