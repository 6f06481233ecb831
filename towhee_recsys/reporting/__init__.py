"""Write a page about a trained model.

- `report`: the page, one HTML file with pictures beside it
- `findings`: the figures that the page and the bundle keep of an evaluation
- `curves`: what is drawn of a training run; `chart` lays it out as SVG
- `item_map`: the items in two dimensions
- `plots`: the same as PNG files
- `palette`: the colours of all of them
"""
