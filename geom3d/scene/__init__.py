"""What a picture of walls consists of: visible surfaces, exact cut faces, a stage that draws them, and plane drawings.

Nothing here knows more of a battery than its walls and the colours of its regions.
"""
